# Writes OUTPUT: a line `{SYS_x, "x"},` for every system call that the C library of COMPILER names.
execute_process(COMMAND ${COMPILER} -E -dM -x c++ -include sys/syscall.h /dev/null
                OUTPUT_VARIABLE macros COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "#define SYS_[a-z0-9_]+ " found "${macros}")
list(TRANSFORM found REPLACE "#define SYS_([a-z0-9_]+) " "{SYS_\\1, \"\\1\"},\n")
list(SORT found)
string(JOIN "" text ${found})
file(WRITE ${OUTPUT} "${text}")
