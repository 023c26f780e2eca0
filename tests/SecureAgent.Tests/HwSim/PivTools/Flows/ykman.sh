# ykman 4.0.9. Each call starts Python, so there are few.
. "$FLOWS/prelude.sh"
export HOME=$PWD LC_ALL=C.UTF-8
ykman() { command ykman --device "$SERIAL" "$@"; }

say "what it is"
ykman info >info
has "Serial number: $SERIAL" cat info
has "Firmware version: $FIRMWARE" cat info
ykman piv info >info
has "PIV version: $FIRMWARE" cat info
has "PIN tries remaining: 3/3" cat info
has "WARNING: Using default Management key!" cat info

say "keys, a certificate and an attestation"
ykman piv keys generate -a ECCP256 --pin-policy ONCE -m $MANAGEMENT 9a 9a.pub
ykman piv certificates generate -s CN=ykman -m $MANAGEMENT -P $PIN 9a 9a.pub
ykman piv certificates export 9a 9a.pem
openssl verify -CAfile 9a.pem 9a.pem
ykman piv keys attest 9a attestation.pem
ykman piv certificates export f9 f9.pem
openssl verify -CAfile "$ROOT" -untrusted f9.pem attestation.pem
openssl req -new -x509 -newkey rsa:2048 -nodes -keyout key.pem -out certificate.pem -subj /CN=imported 2>/dev/null
ykman piv keys import -m $MANAGEMENT --pin-policy ALWAYS --touch-policy ALWAYS 9c key.pem
ykman piv certificates import -m $MANAGEMENT -P $PIN --verify 9c certificate.pem

say "PIN, PUK, management key"
ykman piv access change-pin -P $PIN -n 654321
ykman piv access change-management-key -m $MANAGEMENT -P 654321 --protect --algorithm AES256
ykman piv access set-retries 7 6 -P 654321 -f
ykman piv access change-puk -p $PUK -n 87654321
ykman piv access unblock-pin -p 87654321 -n 654321
ykman piv info >info
has "PIN tries remaining: 7/7" cat info
has "Management key algorithm: AES256" cat info
has "Management key is stored on the YubiKey, protected by PIN." cat info
has "Subject DN:	CN=ykman" cat info
has "Subject DN:	CN=imported" cat info
ykman piv keys generate -a ECCP384 -P 654321 9d 9d.pub # with the key that is on the card

say "reset"
ykman piv reset -f
ykman piv info >info
has "PIN tries remaining: 3/3" cat info
lacks "Subject DN" cat info
