package rkt.kernel;

/**
 * The text of {@link SeccompProfile#standard()}. In a class and not in a file of the jar, because
 * reading one of those costs a start one to three milliseconds.
 */
final class DefaultSeccomp {
  static final String TEXT =
      """
      # What an app may ask of the kernel by default. One line a rule:
      #
      #   allow NAME...                 the call goes through
      #   EPERM NAME...                 it fails with EPERM: it exists, and it is not for apps
      #   EPERM NAME aN == VALUE        ... only if the low 32 bits of argument N are VALUE
      #   EPERM NAME aN != VALUE        ... only if argument N is anything else
      #   EPERM NAME aN has BITS        ... only if argument N has all these bits
      #
      # Other errors are written by their names too, and kill ends the process. "otherwise ACTION" is for
      # what no rule names.
      #
      # A rule with a condition beats an allow of the same name. What no rule names fails with ENOSYS, as
      # on a kernel that does not know it, so programs fall back: clone3 (its flags lie in memory, where a
      # filter cannot look) and whatever later kernels bring. A call through another architecture's entry
      # kills the process. A name that this architecture does not have is passed over.

      # Files by descriptor
      allow close close_range dup dup2 dup3 fcntl fcntl64 flock ioctl lseek _llseek
      allow read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2
      allow sendfile sendfile64 splice tee vmsplice copy_file_range readahead
      allow fadvise64 fadvise64_64 arm_fadvise64_64 fallocate ftruncate ftruncate64
      allow fsync fdatasync sync sync_file_range sync_file_range2 syncfs
      allow pipe pipe2 eventfd eventfd2 memfd_create memfd_secret

      # Files by name
      allow open openat openat2 creat access faccessat faccessat2
      allow stat stat64 lstat lstat64 fstat fstat64 newfstatat fstatat64 statx oldstat oldlstat oldfstat
      allow statfs statfs64 fstatfs fstatfs64 ustat
      allow getcwd chdir fchdir chroot mkdir mkdirat mknod mknodat rmdir unlink unlinkat
      allow link linkat symlink symlinkat readlink readlinkat rename renameat renameat2
      allow chmod fchmod fchmodat fchmodat2 chown chown32 fchown fchown32 fchownat lchown lchown32 umask
      allow truncate truncate64 utime utimes utimensat utimensat_time64 futimesat
      allow getdents getdents64 readdir name_to_handle_at
      allow getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr
      allow setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr
      allow inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_mark

      # Waiting
      allow select _newselect pselect6 pselect6_time64 poll ppoll ppoll_time64
      allow epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait epoll_wait_old
      allow epoll_pwait epoll_pwait2
      allow io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents io_pgetevents_time64

      # Memory
      allow brk mmap mmap2 munmap mremap mprotect madvise mincore msync membarrier cachestat
      allow mlock mlock2 mlockall munlock munlockall remap_file_pages get_mempolicy
      allow pkey_alloc pkey_free pkey_mprotect map_shadow_stack mseal

      # Processes and threads
      allow clone fork vfork execve execveat exit exit_group
      allow wait4 waitid waitpid pidfd_open pidfd_send_signal process_mrelease
      allow getpid getppid gettid getpgid getpgrp getsid setpgid setsid
      allow set_tid_address set_robust_list get_robust_list futex futex_time64 futex_waitv
      allow futex_wake futex_wait futex_requeue rseq
      allow sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_setattr
      allow sched_getparam sched_setparam sched_getscheduler sched_setscheduler
      allow sched_get_priority_max sched_get_priority_min
      allow sched_rr_get_interval sched_rr_get_interval_time64
      allow getpriority setpriority ioprio_get ioprio_set nice
      allow getrlimit setrlimit ugetrlimit prlimit64 getrusage times sysinfo uname getcpu
      allow prctl arch_prctl personality set_thread_area get_thread_area modify_ldt
      allow breakpoint cacheflush set_tls riscv_flush_icache
      allow seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self
      allow capget capset

      # Ids
      allow getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32
      allow getresuid getresuid32 getresgid getresgid32 getgroups getgroups32
      allow setuid setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32
      allow setresuid setresuid32 setresgid setresgid32 setgroups setgroups32
      allow setfsuid setfsuid32 setfsgid setfsgid32

      # Signals
      allow kill tkill tgkill pause alarm sigaltstack restart_syscall
      allow signal sigaction signalfd signalfd4 sigpending sigprocmask sigreturn sigsuspend
      allow rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend
      allow rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo

      # Time
      allow time gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64
      allow nanosleep clock_nanosleep clock_nanosleep_time64
      allow getitimer setitimer timer_create timer_delete timer_getoverrun
      allow timer_gettime timer_gettime64 timer_settime timer_settime64
      allow timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64

      # Sockets
      allow socket socketpair bind listen accept accept4 connect shutdown
      allow getsockname getpeername getsockopt setsockopt
      allow send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64

      # Communication between processes
      allow shmget shmat shmctl shmdt semget semop semctl semtimedop semtimedop_time64
      allow msgget msgsnd msgrcv msgctl ipc
      allow mq_open mq_unlink mq_timedsend mq_timedsend_time64 mq_timedreceive mq_timedreceive_time64
      allow mq_notify mq_getsetattr

      allow getrandom

      # Never for an app: other namespaces and mounts,
      EPERM mount umount umount2 pivot_root mount_setattr move_mount open_tree
      EPERM fsopen fsconfig fsmount fspick setns unshare open_by_handle_at
      # other processes,
      EPERM ptrace process_vm_readv process_vm_writev process_madvise kcmp pidfd_getfd
      # kernel features whose bugs were ways out,
      EPERM bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register
      EPERM add_key request_key keyctl fanotify_init lookup_dcookie
      EPERM mbind set_mempolicy set_mempolicy_home_node migrate_pages move_pages
      # the machine itself.
      EPERM init_module finit_module delete_module create_module query_module get_kernel_syms
      EPERM kexec_load kexec_file_load reboot swapon swapoff acct quotactl quotactl_fd nfsservctl
      EPERM settimeofday clock_settime clock_settime64 clock_adjtime clock_adjtime64 adjtimex stime
      EPERM sethostname setdomainname syslog vhangup iopl ioperm uselib sysfs _sysctl vm86 vm86old

      # Allowed, but not with these arguments: new namespaces,
      EPERM clone a0 has 0x00020000
      EPERM clone a0 has 0x02000000
      EPERM clone a0 has 0x04000000
      EPERM clone a0 has 0x08000000
      EPERM clone a0 has 0x10000000
      EPERM clone a0 has 0x20000000
      EPERM clone a0 has 0x40000000
      # input pushed into the terminal of whoever started us (TIOCSTI, TIOCLINUX),
      EPERM ioctl a1 == 0x5412
      EPERM ioctl a1 == 0x541c
      # another execution domain, and with it less address space randomisation,
      EPERM personality a0 != 0
      # sockets of the kernel's crypto (AF_ALG), of the hypervisor (AF_VSOCK), of the wire (AF_PACKET, AF_XDP).
      EPERM socket a0 == 38
      EPERM socket a0 == 40
      EPERM socket a0 == 17
      EPERM socket a0 == 44
      EPERM socketpair a0 == 38
      EPERM socketpair a0 == 40
      EPERM socketpair a0 == 17
      EPERM socketpair a0 == 44
      """;

  private DefaultSeccomp() {}
}
