#include "transports/tests/stranger.hpp"

#include <arpa/inet.h>
#include <dirent.h>
#include <grp.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "transports/tests/table.hpp"

namespace ipcmark::conformance {

namespace {

// Not nobody: what other programs run as nobody is no business of this one.
constexpr uid_t kStranger = 65533;
constexpr std::size_t kDiaryBytes = 1 << 16;

// "shm 12", of every object of the machine.
std::set<std::string> sysv_objects() {
  std::set<std::string> all;
  for (const std::string kind : {"msg", "sem", "shm"}) {
    for (const auto& row : rows("/proc/sysvipc/" + kind)) {
      if (row.size() > 1) all.insert(kind + " " + row[1]);
    }
  }
  return all;
}

Fd knock(int family, int type, const void* address, socklen_t length) {
  Fd socket(::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (::connect(socket.get(), static_cast<const sockaddr*>(address), length) < 0) return Fd();
  return socket;
}

// Empty queues and full ones are none of a stranger's business either.
template <class Result>
bool let(Result result) {
  return result != static_cast<Result>(-1) ||
         (errno != EACCES && errno != EPERM && errno != EINVAL && errno != EIDRM &&
          errno != ENOENT);
}

bool says(const Fd& socket) {
  return socket && ::send(socket.get(), "intruder", 8, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

}  // namespace

struct Stranger::Diary {
  std::atomic<unsigned> rounds;
  std::atomic<std::size_t> used;
  char text[kDiaryBytes - 64];
};

Stranger::Stranger(Victim victim)
    : victim_(std::move(victim)),
      victim_uid_(::geteuid()),
      shared_(
          ::mmap(nullptr, kDiaryBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0),
          kDiaryBytes),
      diary_(reinterpret_cast<Diary*>(shared_.data())) {
  if (!victim_.open) before_ = sysv_objects();
  const pid_t parent = ::getpid();
  pid_ = check(::fork(), "fork");
  if (pid_ != 0) return;
  const bool other = ::setgroups(0, nullptr) == 0 &&
                     ::setresgid(kStranger, kStranger, kStranger) == 0 &&
                     ::setresuid(kStranger, kStranger, kStranger) == 0;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // after the change of uid, which clears it
  if (!other || ::getppid() != parent) ::_exit(1);
  live();
}

Stranger::~Stranger() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  for (const std::string name : {"-shm", "-mq-there", "-mq-back"}) {
    ::shm_unlink(("/" + victim_.prefix + name).c_str());
    ::mq_unlink(("/" + victim_.prefix + name).c_str());
  }
  for (const auto& file : std::filesystem::directory_iterator("/dev/shm")) {
    struct stat facts {};
    const bool ours = file.path().filename().string().find(victim_.prefix) != std::string::npos;
    if (ours && ::lstat(file.path().c_str(), &facts) == 0 && facts.st_uid == kStranger) {
      ::unlink(file.path().c_str());
    }
  }
}

unsigned Stranger::rounds() const { return diary_->rounds.load(); }

bool Stranger::tried(unsigned rounds) const {
  const unsigned until = diary_->rounds.load() + rounds;
  for (const Deadline late = deadline_in(20'000'000'000); !passed(late);) {
    if (diary_->rounds.load() >= until) return true;
    const timespec pause = to_timespec(200'000);
    ::nanosleep(&pause, nullptr);
  }
  return false;
}

std::string Stranger::breaches() const { return {diary_->text, diary_->used.load()}; }

void Stranger::got(const std::string& what) {
  const std::size_t used = diary_->used.load();
  const std::string line = what + "\n";
  if (used + line.size() > sizeof diary_->text || breaches().find(line) != std::string::npos)
    return;
  std::memcpy(diary_->text + used, line.data(), line.size());
  diary_->used.store(used + line.size());
}

void Stranger::live() {
  for (;;) {
    attack_processes();
    attack_files();
    attack_sysv();
    attack_unix();
    attack_ports("/proc/net/tcp", SOCK_STREAM);
    attack_ports("/proc/net/udp", SOCK_DGRAM);
    if (!victim_.open) squat();
    diary_->rounds.fetch_add(1);
  }
}

void Stranger::attack_processes() {
  for (const pid_t pid : victim_.pids) {
    const std::string proc = "/proc/" + std::to_string(pid);
    if (::kill(pid, 0) == 0) got("kill");
    siginfo_t info{};
    info.si_code = SI_QUEUE;
    for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) {
      if (::syscall(SYS_rt_tgsigqueueinfo, pid, pid, signal, &info) == 0) got("tgsigqueueinfo");
    }
    if (::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == 0) got("ptrace");
    char byte = 0;
    const iovec ours{&byte, 1}, theirs{&byte, 1};
    const bool fault_or_done =
        ::process_vm_readv(pid, &ours, 1, &theirs, 1, 0) >= 0 || errno == EFAULT;
    if (fault_or_done) got("process_vm_readv");
    const Fd handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (::syscall(SYS_pidfd_send_signal, handle.get(), 0, nullptr, 0) == 0)
      got("pidfd_send_signal");
    for (int fd = 0; fd < 32; ++fd) {
      if (Fd(static_cast<int>(::syscall(SYS_pidfd_getfd, handle.get(), fd, 0)))) got("pidfd_getfd");
    }
    if (Fd(::open((proc + "/mem").c_str(), O_RDWR | O_CLOEXEC))) got("open mem");
    for (const char* folder : {"/fd", "/map_files"}) {
      if (Fd(::open((proc + folder).c_str(), O_RDONLY | O_CLOEXEC)))
        got(std::string("open") + folder);
    }
  }
}

void Stranger::attack_files() {
  for (const std::string& folder : {std::string("/dev/shm"), std::string("/dev/mqueue"),
                                    std::filesystem::temp_directory_path().string()}) {
    DIR* open = ::opendir(folder.c_str());
    if (open == nullptr) continue;
    while (const dirent* entry = ::readdir(open)) {
      const std::string name = entry->d_name;
      if (name.find(victim_.prefix) == std::string::npos) continue;
      seen_.insert(name);
      attack_file(folder + "/" + name);
    }
    ::closedir(open);
  }
}

void Stranger::attack_file(const std::string& path) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0 || facts.st_uid == kStranger) return;
  if (victim_.open) got("still a name: " + path);
  if ((facts.st_mode & 077) != 0) got("mode " + std::to_string(facts.st_mode) + " of " + path);
  if (Fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC))) got("open " + path);
  if (Fd(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC))) got("open to write " + path);
  if (Fd(::open((path + "/fifo").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)))
    got("create in " + path);
  if (::unlink(path.c_str()) == 0 || ::rmdir(path.c_str()) == 0) got("unlink " + path);
}

void Stranger::attack_sysv() {
  for (const std::string& object : sysv_objects()) {
    if (before_.contains(object)) continue;
    const std::string kind = object.substr(0, 3);
    const int id = std::atoi(object.c_str() + 4);
    struct Message {
      long type;
      char text[8];
    } message{1, {}};
    sembuf up{.sem_num = 0, .sem_op = 1, .sem_flg = IPC_NOWAIT};
    if (kind == "msg") {
      struct msqid_ds facts {};
      if (let(::msgrcv(id, &message, 8, 0, IPC_NOWAIT | MSG_NOERROR))) got("msgrcv");
      if (let(::msgsnd(id, &message, 8, IPC_NOWAIT))) got("msgsnd");
      if (let(::msgctl(id, IPC_STAT, &facts))) got("msgctl");
    } else if (kind == "sem") {
      if (let(::semop(id, &up, 1))) got("semop");
      if (let(::semctl(id, 0, GETVAL))) got("semctl");
    } else {
      for (const int flags : {0, SHM_RDONLY}) {
        void* at = ::shmat(id, nullptr, flags);
        if (at == reinterpret_cast<void*>(-1)) continue;
        got("shmat");
        ::shmdt(at);
      }
    }
  }
  for (const char* table : {"/proc/sysvipc/msg", "/proc/sysvipc/sem", "/proc/sysvipc/shm"}) {
    const std::string kind = std::string(table).substr(14);
    for (const auto& row : rows(table)) {
      if (row.size() < 2 || before_.contains(kind + " " + row[1])) continue;
      const auto key = static_cast<key_t>(std::atoll(row[0].c_str()));
      if (key == IPC_PRIVATE) continue;
      if (kind == "msg" && ::msgget(key, 0600) >= 0) got("msgget by key");
      if (kind == "sem" && ::semget(key, 0, 0600) >= 0) got("semget by key");
      if (kind == "shm" && ::shmget(key, 0, 0600) >= 0) got("shmget by key");
    }
  }
}

void Stranger::attack_unix() {
  for (const auto& row : rows("/proc/net/unix")) {
    if (row.size() < 8 || row[7].find(victim_.prefix) == std::string::npos) continue;
    const bool abstract = row[7][0] == '@';
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::size_t n = std::min(row[7].size(), sizeof address.sun_path);
    std::memcpy(address.sun_path, row[7].data(), n);
    if (abstract) address.sun_path[0] = '\0';
    // As our names are: with a byte zero behind; and without.
    for (const std::size_t length : {n, n + 1}) {
      if (offsetof(sockaddr_un, sun_path) + length > sizeof address) continue;
      for (const int type : {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM}) {
        const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
        const bool said = says(knock(AF_UNIX, type, &address, size));
        if (said && victim_.open) got("sent to " + row[7]);
        if (said && !abstract) got("sent to " + row[7]);
      }
    }
    if (abstract) seen_.insert(row[7]);
  }
}

// A port is everybody's to send to. What arrives is for the victim to tell apart.
void Stranger::attack_ports(const char* table, int type) {
  for (const auto& row : rows(table)) {
    unsigned address = 0, port = 0;
    if (row.size() < 8 || std::stoul(row[7]) != victim_uid_) continue;
    if (std::sscanf(row[1].c_str(), "%x:%x", &address, &port) != 2) continue;
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    if (address != to.sin_addr.s_addr) continue;
    to.sin_port = ::htons(static_cast<std::uint16_t>(port));
    const Fd socket = knock(AF_INET, type, &to, sizeof to);
    says(socket);
    const linger reset{.l_onoff = 1, .l_linger = 0};  // some leave before they are looked at
    if (socket) ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  }
}

// Takes the names that the victim might use next: the ones it has used, and plain ones.
void Stranger::squat() {
  std::set<std::string> names = seen_;
  for (const char* end : {"-shm", "-mq-there", "-mq-back"}) names.insert(victim_.prefix + end);
  for (const char* end : {"-sem0", "-sem1", "-sem2", "-sem3"}) {
    names.insert("sem." + victim_.prefix + end);
  }
  for (const std::string& name : names) {
    if (name[0] == '@') continue;
    Fd(::open(("/dev/shm/" + name).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    const mqd_t queue =
        ::mq_open(("/" + name).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666, nullptr);
    if (queue >= 0) ::mq_close(queue);
  }
}

}  // namespace ipcmark::conformance
