# Sourced by the flows. They run in a directory of their own with
#   SERIAL    the card's serial number
#   FIRMWARE  its firmware, 5.4.3 for tools that know only 3DES management keys
#   ROOT      the certificate (PEM) that attestation must lead to

PIN=123456
PUK=12345678
MANAGEMENT=010203040506070801020304050607080102030405060708
YKCS11=/usr/lib/x86_64-linux-gnu/libykcs11.so
OPENSC=/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so

say() { echo "--- $*"; }

# Fails the flow unless the command fails.
refused() { if "$@" >refused.out 2>&1; then cat refused.out; say "not refused: $*"; exit 1; fi; }

# has TEXT COMMAND...: the command succeeds and prints TEXT.
has() {
    text=$1; shift
    "$@" >has.out 2>&1 || { cat has.out; say "failed: $*"; exit 1; }
    grep -qF -- "$text" has.out || { cat has.out; say "no '$text' from: $*"; exit 1; }
}

# lacks TEXT COMMAND...: the command succeeds and does not print TEXT.
lacks() {
    text=$1; shift
    "$@" >has.out 2>&1 || { cat has.out; say "failed: $*"; exit 1; }
    if grep -qF -- "$text" has.out; then cat has.out; say "'$text' from: $*"; exit 1; fi
}
