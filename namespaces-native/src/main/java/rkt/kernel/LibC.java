package rkt.kernel;

import com.kenai.jffi.CallContext;
import com.kenai.jffi.CallContextCache;
import com.kenai.jffi.CallingConvention;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.LastError;
import com.kenai.jffi.Library;
import com.kenai.jffi.Type;

/**
 * Calls into the C library through the dispatcher under jnr-ffi, for the calls on the way to a pod:
 * no interface is bound and no class is generated, which at start-up is the difference between 6
 * and 17 to 40 ms. Every argument and result is one machine word.
 */
final class LibC {
  private static final Invoker INVOKER = Invoker.getInstance();
  private static final Library LIBRARY = Library.getDefault();
  private static final CallContext[] WORDS = new CallContext[7];
  private static final long SYSCALL = address("syscall");

  static {
    for (int n = 0; n < WORDS.length; n++) {
      Type[] parameters = new Type[n];
      java.util.Arrays.fill(parameters, Type.SLONG);
      WORDS[n] =
          CallContextCache.getInstance()
              .getCallContext(Type.SLONG, parameters, CallingConvention.DEFAULT, true);
    }
  }

  private LibC() {}

  /** The address of a function of the C library. */
  static long address(String function) {
    long address = LIBRARY.getSymbolAddress(function);
    if (address == 0) {
      throw new IllegalStateException("the C library has no function " + function);
    }
    return address;
  }

  /** Calls the function at {@code address}; the result is what it returned, errno untouched. */
  static long call(long address, long a) {
    return INVOKER.invokeL1(WORDS[1], address, a);
  }

  static long call(long address, long a, long b) {
    return INVOKER.invokeL2(WORDS[2], address, a, b);
  }

  static long call(long address, long a, long b, long c) {
    return INVOKER.invokeL3(WORDS[3], address, a, b, c);
  }

  static long call(long address, long a, long b, long c, long d, long e, long f) {
    return INVOKER.invokeL6(WORDS[6], address, a, b, c, d, e, f);
  }

  /** syscall(2) of the calling thread; -1 on failure, {@link #errno()} then says why. */
  static long syscall(long number) {
    return INVOKER.invokeL1(WORDS[1], SYSCALL, number);
  }

  static long syscall(long number, long a) {
    return INVOKER.invokeL2(WORDS[2], SYSCALL, number, a);
  }

  static long syscall(long number, long a, long b) {
    return INVOKER.invokeL3(WORDS[3], SYSCALL, number, a, b);
  }

  static long syscall(long number, long a, long b, long c) {
    return INVOKER.invokeL4(WORDS[4], SYSCALL, number, a, b, c);
  }

  static long syscall(long number, long a, long b, long c, long d) {
    return INVOKER.invokeL5(WORDS[5], SYSCALL, number, a, b, c, d);
  }

  static long syscall(long number, long a, long b, long c, long d, long e) {
    return INVOKER.invokeL6(WORDS[6], SYSCALL, number, a, b, c, d, e);
  }

  /** The exception for the call that just failed: {@code errno} is still that call's. */
  static KernelException failure(String call, String subject) {
    return new KernelException(call, subject, errno());
  }

  /** {@code result}, unless it is -1. */
  static int checked(long result, String call, String subject) throws KernelException {
    if (result == -1) {
      throw failure(call, subject);
    }
    return (int) result;
  }

  /** errno of the calling thread's last call: read it before anything else can run. */
  static Errno errno() {
    return Errno.of(LastError.getInstance().get());
  }
}
