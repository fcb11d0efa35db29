package rkt.fetch.auth;

import rkt.fetch.transport.FetchException;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/** Reads JSON of which no error may show a piece. */
final class Secrets {
  private Secrets() {}

  static JsonObject parse(byte[] bytes, String what) throws RktException {
    try {
      return JsonObject.parse(bytes, what);
    } catch (SpecException e) {
      throw FetchException.usage(
          what + " is not strict JSON; what is wrong is not shown, it holds secrets", null);
    }
  }
}
