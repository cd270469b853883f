// The words of every enumeration, once: records, plans, flags, help and messages use these.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "harness/case.hpp"

namespace ipcmark {

template <class Enum>
struct Words;

template <class Enum, std::size_t N>
using WordTable = std::array<std::pair<Enum, std::string_view>, N>;

template <>
struct Words<Wait> {
  static constexpr WordTable<Wait, 6> table{{{Wait::spin, "spin"},
                                             {Wait::yield, "yield"},
                                             {Wait::spin_then_block, "spin_then_block"},
                                             {Wait::block, "block"},
                                             {Wait::poll, "poll"},
                                             {Wait::epoll, "epoll"}}};
};
template <>
struct Words<Touch> {
  static constexpr WordTable<Touch, 3> table{
      {{Touch::none, "none"}, {Touch::header, "header"}, {Touch::full, "full"}}};
};
template <>
struct Words<Access> {
  static constexpr WordTable<Access, 2> table{
      {{Access::copy, "copy"}, {Access::in_place, "in_place"}}};
};
template <>
struct Words<Backing> {
  static constexpr WordTable<Backing, 5> table{{{Backing::none, "none"},
                                                {Backing::memfd, "memfd"},
                                                {Backing::posix_shm, "posix_shm"},
                                                {Backing::sysv_shm, "sysv_shm"},
                                                {Backing::mmap_file, "mmap_file"}}};
};
template <>
struct Words<Address> {
  static constexpr WordTable<Address, 4> table{{{Address::none, "none"},
                                                {Address::pair, "pair"},
                                                {Address::path, "path"},
                                                {Address::abstract, "abstract"}}};
};
template <>
struct Words<NoDelay> {
  static constexpr WordTable<NoDelay, 3> table{
      {{NoDelay::none, "none"}, {NoDelay::off, "off"}, {NoDelay::on, "on"}}};
};
template <>
struct Words<Role> {
  static constexpr WordTable<Role, 2> table{{{Role::client, "client"}, {Role::server, "server"}}};
};
template <>
struct Words<Family> {
  static constexpr WordTable<Family, 9> table{{{Family::floor, "floor"},
                                               {Family::pipe, "pipe"},
                                               {Family::message_queue, "message_queue"},
                                               {Family::socket, "socket"},
                                               {Family::shared_memory, "shared_memory"},
                                               {Family::notification, "notification"},
                                               {Family::one_copy, "one_copy"},
                                               {Family::async, "async"},
                                               {Family::hybrid, "hybrid"}}};
};
template <>
struct Words<Pattern> {
  static constexpr WordTable<Pattern, 10> table{{{Pattern::ping, "ping"},
                                                 {Pattern::ask, "ask"},
                                                 {Pattern::pour, "pour"},
                                                 {Pattern::pace, "pace"},
                                                 {Pattern::expire, "expire"},
                                                 {Pattern::window, "window"},
                                                 {Pattern::deal, "deal"},
                                                 {Pattern::retry, "retry"},
                                                 {Pattern::detect, "detect"},
                                                 {Pattern::overtake, "overtake"}}};
};
template <>
struct Words<Precedence> {
  static constexpr WordTable<Precedence, 7> table{{{Precedence::none, "none"},
                                                   {Precedence::fifo, "fifo"},
                                                   {Precedence::priority, "priority"},
                                                   {Precedence::type_first, "type_first"},
                                                   {Precedence::type_own, "type_own"},
                                                   {Precedence::type_lowest, "type_lowest"},
                                                   {Precedence::type_highest, "type_highest"}}};
};
template <>
struct Words<Path> {
  static constexpr WordTable<Path, 5> table{{{Path::raw, "raw"},
                                             {Path::queue, "queue"},
                                             {Path::shm, "shm"},
                                             {Path::fixed, "fixed"},
                                             {Path::automatic, "auto"}}};
};
template <>
struct Words<Idle> {
  static constexpr WordTable<Idle, 3> table{
      {{Idle::default_, "default"}, {Idle::c1, "c1"}, {Idle::polling, "polling"}}};
};
template <>
struct Words<RoleKind> {
  static constexpr WordTable<RoleKind, 2> table{
      {{RoleKind::process, "process"}, {RoleKind::thread, "thread"}}};
};
template <>
struct Words<Policy> {
  static constexpr WordTable<Policy, 2> table{{{Policy::other, "other"}, {Policy::fifo, "fifo"}}};
};
template <>
struct Words<Schedule> {
  static constexpr WordTable<Schedule, 3> table{
      {{Schedule::closed, "closed"}, {Schedule::fixed, "fixed"}, {Schedule::poisson, "poisson"}}};
};

template <>
struct Words<Sharing> {
  static constexpr WordTable<Sharing, 3> table{
      {{Sharing::any, "any"}, {Sharing::addressed, "addressed"}, {Sharing::own, "own"}}};
};
template <>
struct Words<Full> {
  static constexpr WordTable<Full, 3> table{
      {{Full::block, "block"}, {Full::fail, "fail"}, {Full::drop, "drop"}}};
};
template <>
struct Words<Bystander> {
  static constexpr WordTable<Bystander, 2> table{
      {{Bystander::spin, "spin"}, {Bystander::stream, "stream"}}};
};
template <>
struct Words<Beside> {
  static constexpr WordTable<Beside, 3> table{
      {{Beside::apart, "apart"}, {Beside::client, "client"}, {Beside::server, "server"}}};
};
template <>
struct Words<Handover> {
  static constexpr WordTable<Handover, 3> table{{{Handover::any, "any"},
                                                 {Handover::rendezvous, "rendezvous"},
                                                 {Handover::buffered, "buffered"}}};
};
template <>
struct Words<IpcLimits> {
  static constexpr WordTable<IpcLimits, 2> table{
      {{IpcLimits::host, "host"}, {IpcLimits::private_, "private"}}};
};

template <>
struct Words<PeerFate> {
  static constexpr WordTable<PeerFate, 3> table{
      {{PeerFate::lives, "lives"}, {PeerFate::stopped, "stopped"}, {PeerFate::killed, "killed"}}};
};
template <>
struct Words<Structure> {
  static constexpr WordTable<Structure, 9> table{{{Structure::none, "none"},
                                                  {Structure::words, "words"},
                                                  {Structure::state, "state"},
                                                  {Structure::payload, "payload"},
                                                  {Structure::indices, "indices"},
                                                  {Structure::message_passing, "message_passing"},
                                                  {Structure::store_buffering, "store_buffering"},
                                                  {Structure::stack, "stack"},
                                                  {Structure::stalled_pop, "stalled_pop"}}};
};
template <>
struct Words<Publication> {
  static constexpr WordTable<Publication, 5> table{
      {{Publication::none, "none"},
       {Publication::relaxed, "relaxed"},
       {Publication::release_acquire, "release_acquire"},
       {Publication::seq_cst, "seq_cst"},
       {Publication::fences, "fences"}}};
};
template <>
struct Words<Advance> {
  static constexpr WordTable<Advance, 4> table{{{Advance::none, "none"},
                                                {Advance::one_less, "one_less"},
                                                {Advance::exact, "exact"},
                                                {Advance::one_more, "one_more"}}};
};
template <>
struct Words<Pointers> {
  static constexpr WordTable<Pointers, 5> table{{{Pointers::none, "none"},
                                                 {Pointers::raw, "raw"},
                                                 {Pointers::offset64, "offset64"},
                                                 {Pointers::offset32, "offset32"},
                                                 {Pointers::self_relative, "self_relative"}}};
};
template <>
struct Words<Operation> {
  static constexpr WordTable<Operation, 6> table{{{Operation::none, "none"},
                                                  {Operation::store, "store"},
                                                  {Operation::increment, "increment"},
                                                  {Operation::locked_increment, "locked_increment"},
                                                  {Operation::compare_exchange, "compare_exchange"},
                                                  {Operation::fenced_store, "fenced_store"}}};
};
template <>
struct Words<Trigger> {
  static constexpr WordTable<Trigger, 8> table{{{Trigger::none, "none"},
                                                {Trigger::membarrier, "membarrier"},
                                                {Trigger::own_mapping, "own_mapping"},
                                                {Trigger::punch_hole, "punch_hole"},
                                                {Trigger::punch_untouched, "punch_untouched"},
                                                {Trigger::writeback, "writeback"},
                                                {Trigger::collapse, "collapse"},
                                                {Trigger::migration, "migration"}}};
};
template <>
struct Words<Victim> {
  static constexpr WordTable<Victim, 5> table{{{Victim::none, "none"},
                                               {Victim::spin, "spin"},
                                               {Victim::chase, "chase"},
                                               {Victim::asleep, "asleep"},
                                               {Victim::traffic, "traffic"}}};
};
template <>
struct Words<Bottleneck> {
  static constexpr WordTable<Bottleneck, 3> table{{{Bottleneck::none, "none"},
                                                   {Bottleneck::producer, "producer"},
                                                   {Bottleneck::consumer, "consumer"}}};
};
template <>
struct Words<Neighbour> {
  static constexpr WordTable<Neighbour, 4> table{{{Neighbour::none, "none"},
                                                  {Neighbour::idle, "idle"},
                                                  {Neighbour::reader, "reader"},
                                                  {Neighbour::writer, "writer"}}};
};

template <class Enum>
[[nodiscard]] constexpr std::string_view word(Enum value) {
  for (const auto& [known, text] : Words<Enum>::table) {
    if (known == value) return text;
  }
  return "?";
}

template <class Enum>
[[nodiscard]] constexpr std::optional<Enum> from_word(std::string_view text) {
  for (const auto& [value, known] : Words<Enum>::table) {
    if (known == text) return value;
  }
  return std::nullopt;
}

}  // namespace ipcmark
