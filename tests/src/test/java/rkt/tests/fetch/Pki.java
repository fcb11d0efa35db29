package rkt.tests.fetch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A certificate authority, and a certificate that it issued for 127.0.0.1 and origin.test. */
record Pki(Path authority, Path certificate, Path key) {
  static Pki make(Path directory) throws IOException, InterruptedException {
    Files.createDirectories(directory);
    String ca = directory + "/ca";
    String server = directory + "/server";
    Tools.ok(
        ("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
                + " -subj /CN=test-ca -keyout "
                + ca
                + ".key -out "
                + ca
                + ".crt")
            .split(" ", -1));
    Tools.ok(
        ("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=127.0.0.1"
                + " -keyout "
                + server
                + ".key -out "
                + server
                + ".csr")
            .split(" ", -1));
    Files.writeString(directory.resolve("ext"), "subjectAltName=IP:127.0.0.1,DNS:origin.test\n");
    Tools.ok(
        ("openssl x509 -req -days 2 -in "
                + server
                + ".csr -CA "
                + ca
                + ".crt -CAkey "
                + ca
                + ".key -CAcreateserial -extfile "
                + directory
                + "/ext -out "
                + server
                + ".crt")
            .split(" ", -1));
    return new Pki(Path.of(ca + ".crt"), Path.of(server + ".crt"), Path.of(server + ".key"));
  }
}
