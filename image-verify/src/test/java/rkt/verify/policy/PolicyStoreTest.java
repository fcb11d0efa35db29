package rkt.verify.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rkt.spec.ImageName;
import rkt.verify.openpgp.Rule;
import rkt.verify.openpgp.TrustException;

/** Which policy speaks for which name. */
class PolicyStoreTest {
  @TempDir Path dir;
  private Path system;
  private Path local;
  private PolicyStore store;

  @BeforeEach
  void open() throws Exception {
    system = dir.resolve("system");
    local = dir.resolve("local");
    store = PolicyStore.open(system, local);
  }

  static Path write(Path layer, String prefix, String type) throws Exception {
    Path file = layer.resolve("policy.d").resolve(prefix).resolve("policy.json");
    Files.createDirectories(file.getParent());
    Files.writeString(
        file,
        type.isEmpty()
            ? ""
            : "{\"rktKind\":\"policy\",\"rktVersion\":\"v1\",\"require\":{\"type\":\""
                + type
                + "\"}}");
    return file;
  }

  private String found(String name) throws Exception {
    Policy policy = store.find(new ImageName(name));
    return policy == null
        ? "none"
        : policy.scope() + " " + policy.layer().label() + " " + policy.requirement().label();
  }

  @Test
  void withoutAnyFileNoPolicySpeaks() throws Exception {
    assertThat(found("example.com/app")).isEqualTo("none");
    assertThat(store.isEmpty()).isTrue();
    assertThat(store.list()).isEmpty();
  }

  @Test
  void theLongestPrefixDecidesComponentByComponent() throws Exception {
    write(local, "", "reject");
    write(local, "example.com/app", "openpgp");
    write(local, "example.com/app/web/admin", "accept-unsigned");

    assertThat(store.isEmpty()).isFalse();
    assertThat(found("example.com/app")).isEqualTo("example.com/app local openpgp");
    assertThat(found("example.com/app/web")).isEqualTo("example.com/app local openpgp");
    assertThat(found("example.com/app/web/admin"))
        .isEqualTo("example.com/app/web/admin local accept-unsigned");
    assertThat(found("example.com/app/web/admin/x"))
        .isEqualTo("example.com/app/web/admin local accept-unsigned");
    assertThat(found("example.com/application")).isEqualTo("root local reject");
    assertThat(found("example.com")).isEqualTo("root local reject");
    assertThat(found("localhost:5000/app")).isEqualTo("root local reject");
    assertThat(store.list()).hasSize(3);
  }

  @Test
  void aLocalFileReplacesThatOfTheSystemAndAnEmptyOneHidesIt() throws Exception {
    write(system, "", "openpgp");
    write(system, "example.com", "accept-unsigned");
    assertThat(found("example.com/app")).isEqualTo("example.com system accept-unsigned");
    write(local, "example.com", "reject");
    assertThat(found("example.com/app")).isEqualTo("example.com local reject");
    write(local, "example.com", "");
    assertThat(found("example.com/app")).isEqualTo("root system openpgp");
    assertThat(store.list()).hasSize(1);
  }

  @Test
  void aLongerPrefixOfTheSystemWinsOverAShorterLocalOne() throws Exception {
    write(local, "", "reject");
    write(system, "example.com/app", "openpgp");
    assertThat(found("example.com/app")).isEqualTo("example.com/app system openpgp");
  }

  @Test
  void aNameWithTheComponentOfAPolicyFileIsJudgedByTheOneAbove() throws Exception {
    write(local, "example.com", "reject");
    assertThat(found("example.com/policy.json/app")).isEqualTo("example.com local reject");
  }

  @Test
  void whatOthersMayWriteOnTheWayToANameRefusesIt() throws Exception {
    Path file = write(local, "example.com/app", "openpgp");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-r--"));
    refused("example.com/app");
    assertThat(found("example.com/other")).isEqualTo("none");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    Files.setPosixFilePermissions(
        local.resolve("policy.d/example.com"), PosixFilePermissions.fromString("rwxrwxrwx"));
    refused("example.com/app");
    refused("example.com/other");
    assertThat(found("example.org/other")).isEqualTo("none");
  }

  @Test
  void aLinkOnTheWayToANameRefusesIt() throws Exception {
    Path file = write(local, "example.org", "accept-unsigned");
    Files.createSymbolicLink(local.resolve("policy.d/example.com"), file.getParent());
    refused("example.com/app");
    assertThat(found("example.org/app")).isEqualTo("example.org local accept-unsigned");
  }

  @Test
  void aBrokenFileRefusesWhatItIsAboutAndNothingElse() throws Exception {
    write(local, "", "openpgp");
    write(local, "example.com/app", "opengpg");
    refused("example.com/app/web");
    assertThat(found("example.com/other")).isEqualTo("root local openpgp");
    assertThatThrownBy(() -> store.list()).isInstanceOf(TrustException.class);
  }

  @Test
  void aFileOfAnotherNameIsFoundByAListing() throws Exception {
    write(local, "example.com", "openpgp");
    Files.writeString(local.resolve("policy.d/example.com/Policy.json"), "{}");
    assertThatThrownBy(() -> store.list()).hasMessageContaining("Policy.json");
  }

  private void refused(String name) {
    assertThatThrownBy(() -> store.find(new ImageName(name)))
        .isInstanceOfSatisfying(
            TrustException.class, e -> assertThat(e.rule()).isEqualTo(Rule.POLICY_FILE));
  }
}
