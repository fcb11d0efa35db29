package rkt.cli;

import java.util.List;

/** How each command is used, for its help. A test parses all of them. */
final class Examples {
  private Examples() {}

  static List<String> of(CommandName name) {
    return switch (name) {
      case FETCH ->
          List.of(
              "rkt fetch https://example.com/app-1.4.aci",
              "rkt fetch docker://registry.example.com/app:1.4",
              "rkt fetch --image-name=example.com/app oci:./layout:1.4");
      case RUN ->
          List.of(
              "rkt run example.com/app --memory=512Mi -- --verbose",
              "rkt run --volume=data,kind=host,source=/srv --mount=volume=data,target=/data app:1.4",
              "rkt run --interactive example.com/app --exec=/bin/sh",
              "rkt run example.com/app --name=one -- -v --- example.com/side --readonly-rootfs");
      case ENTER -> List.of("rkt enter 9c1e", "rkt enter --app=web 9c1e ps -ef");
      case EXEC -> List.of("rkt exec 9c1e ps -ef", "rkt exec --app=web 9c1e /bin/sh");
      case ATTACH -> List.of("rkt attach 9c1e", "rkt attach --app=web --mode=stdout,stderr 9c1e");
      case LIST -> List.of("rkt list --full", "rkt list --format=json");
      case STATUS -> List.of("rkt status 9c1e", "rkt status --wait=90s --format=json 9c1e");
      case STOP -> List.of("rkt stop 9c1e", "rkt stop --timeout=1m --uuid-file=/run/app.uuid");
      case CAT_MANIFEST ->
          List.of("rkt cat-manifest 9c1e", "rkt cat-manifest --pretty-print=false 9c1e");
      case RM -> List.of("rkt rm 9c1e 7d02", "rkt rm --uuid-file=/run/app.uuid");
      case GC -> List.of("rkt gc", "rkt gc --grace-period=0 --expire-prepared=1h");
      case IMAGE_LIST ->
          List.of(
              "rkt image list",
              "rkt image list --full --no-legend --fields=id,lastused",
              "rkt image list --sort=size --order=desc");
      case IMAGE_RM ->
          List.of("rkt image rm example.com/app", "rkt image rm sha512-0123456789abcdef");
      case IMAGE_GC ->
          List.of("rkt image gc --grace-period=168h", "rkt image gc --grace-period=24h --size=20G");
      case IMAGE_DU -> List.of("rkt image du", "rkt image du --format=json");
      case IMAGE_VERIFY ->
          List.of("rkt image verify", "rkt image verify --format=json example.com/app");
      case IMAGE_IMPORT ->
          List.of(
              "rkt image import ./app-1.4.aci",
              "rkt image import --image-name=example.com/app ./app.oci.tar");
      case IMAGE_EXPORT ->
          List.of(
              "rkt image export example.com/app ./app.aci",
              "rkt image export --format=oci-archive example.com/app ./app.oci.tar");
      case IMAGE_EXTRACT ->
          List.of(
              "rkt image extract example.com/app ./app",
              "rkt image extract --rootfs-only --overwrite example.com/app ./rootfs");
      case IMAGE_RENDER ->
          List.of(
              "rkt image render example.com/app ./app",
              "rkt image render --rootfs-only example.com/app ./rootfs");
      case IMAGE_BUILD ->
          List.of(
              "rkt image build --rootfs=./rootfs --manifest=./manifest app.aci",
              "rkt image build --rootfs=./rootfs --manifest=- --owner=0:0 --compress=xz app.aci");
      case IMAGE_SIGN ->
          List.of(
              "rkt image sign --gpg-key=alice@example.com app.aci",
              "rkt image sign --openpgp-key=alice.key --passphrase-file=pass app.aci",
              "rkt image sign --key=cosign.key registry.example.com/app:1.4",
              "rkt image sign --gpg-key=alice@example.com --simple registry.example.com/app:1.4");
      case IMAGE_ATTEST ->
          List.of(
              "rkt image attest --key=cosign.key --type=vuln --predicate=scan.json example.com/app",
              "rkt image attest --key=cosign.key --type=https://example.com/tested/v1"
                  + " --predicate=- app:1");
      case IMAGE_GENERATE_KEY ->
          List.of(
              "rkt image generate-key cosign",
              "rkt image generate-key --passphrase-file=pass cosign");
      case IMAGE_PUSH ->
          List.of(
              "rkt image push example.com/app docker://registry.example.com/app:1.4",
              "rkt image push sha512-0123456789abcdef docker://localhost:5000/app:1");
      case IMAGE_VALIDATE ->
          List.of(
              "rkt image validate app.aci", "rkt image validate --format=json ./layout app.tar");
      case IMAGE_CAT_MANIFEST ->
          List.of(
              "rkt image cat-manifest example.com/app",
              "rkt image cat-manifest --pretty-print=false example.com/app");
      case TRUST ->
          List.of(
              "rkt trust --prefix=example.com/app ./app-key.asc",
              "rkt trust --root --fingerprint=0123456789abcdef0123456789abcdef01234567"
                  + " /media/usb/key.asc");
      case TRUST_LIST -> List.of("rkt trust list", "rkt trust list --format=json");
      case TRUST_SHOW ->
          List.of(
              "rkt trust show 0123456789abcdef0123456789abcdef01234567",
              "rkt trust show --format=json 89abcdef01234567");
      case TRUST_MASK ->
          List.of(
              "rkt trust mask --root 0123456789abcdef0123456789abcdef01234567",
              "rkt trust mask --undo --root 0123456789abcdef0123456789abcdef01234567");
      case TRUST_POLICY_CHECK ->
          List.of(
              "rkt trust policy check example.com/app",
              "rkt trust policy check --format=json docker://registry.example.com/app:1.4");
      case TRUST_REMOVE ->
          List.of(
              "rkt trust remove --prefix=example.com/app"
                  + " 0123456789abcdef0123456789abcdef01234567",
              "rkt trust remove --root 0123456789abcdef0123456789abcdef01234567");
      case AUDIT_LOG ->
          List.of(
              "rkt audit log --event=verdict --since=24h",
              "rkt audit log --pod=9c1e --format=json");
      case AUDIT_VERIFY ->
          List.of(
              "rkt audit verify",
              "rkt audit verify"
                  + " --head=17:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
      case AUDIT_REPORT ->
          List.of(
              "rkt audit report --html=report.html",
              "rkt audit report --html=- --since=2026-11-01 --name=example.com/app");
      case AUDIT_AFFECTED ->
          List.of(
              "rkt audit affected --key=0123456789abcdef0123456789abcdef01234567",
              "rkt audit affected --identity=ci@example.com --format=json");
      case HELP -> List.of("rkt help run", "rkt help image list");
      case VERSION -> List.of("rkt version", "rkt version --format=json");
    };
  }
}
