# yubico-piv-tool 2.2: keys, certificates, attestation, PIN, PUK, management key, reset.
. "$FLOWS/prelude.sh"

has "Version:	$FIRMWARE" yubico-piv-tool -a status
has "Serial Number:	$SERIAL" yubico-piv-tool -a status
has "PIN tries left:	3" yubico-piv-tool -a status

say "generate and attest"
yubico-piv-tool -a generate -s 9a -A ECCP256 --pin-policy=once --touch-policy=cached -o 9a.pub
yubico-piv-tool -a attest -s 9a -o attestation.pem
yubico-piv-tool -a read-certificate -s f9 -o f9.pem
openssl verify -CAfile "$ROOT" -untrusted f9.pem attestation.pem
openssl x509 -in attestation.pem -noout -pubkey | cmp - 9a.pub

for algorithm in EC:prime256v1 EC:secp384r1 RSA:1024 RSA:2048; do
    say "import $algorithm, sign and decipher with it"
    case $algorithm in
        EC:*) options="-newkey ec -pkeyopt ec_paramgen_curve:${algorithm#EC:}" ;;
        *) options="-newkey rsa:${algorithm#RSA:}" ;;
    esac
    openssl req -new -x509 -sha256 $options -nodes -keyout key.pem -out certificate.pem -subj /CN=imported 2>/dev/null
    yubico-piv-tool -a import-key -s 9d -i key.pem
    yubico-piv-tool -a import-certificate -s 9d -i certificate.pem
    has "CN=imported" yubico-piv-tool -a status
    yubico-piv-tool -a verify-pin -P $PIN -a test-signature -s 9d -i certificate.pem
    yubico-piv-tool -a verify-pin -P $PIN -a test-decipher -s 9d -i certificate.pem
done

refused yubico-piv-tool -a test-signature -s 9d -i certificate.pem # no PIN
refused yubico-piv-tool -a attest -s 9d # imported
yubico-piv-tool -a delete-certificate -s 9d
lacks "CN=imported" yubico-piv-tool -a status
yubico-piv-tool -a set-chuid -a set-ccc
lacks "No data available" yubico-piv-tool -a status

say "PIN, PUK and management key"
yubico-piv-tool -a change-pin -P $PIN -N 654321
refused yubico-piv-tool -a verify-pin -P $PIN
has "PIN tries left:	2" yubico-piv-tool -a status
yubico-piv-tool -a change-puk -P $PUK -N 87654321
yubico-piv-tool -a unblock-pin -P 87654321 -N 123457
yubico-piv-tool -a verify-pin -P 123457 -a pin-retries --pin-retries 5 --puk-retries 4
has "PIN tries left:	5" yubico-piv-tool -a status
yubico-piv-tool -a verify-pin -P $PIN
NEW=AABBCCDDEEFF00112233445566778899AABBCCDDEEFF0011
yubico-piv-tool -a set-mgm-key -n $NEW
refused yubico-piv-tool -a generate -s 9c -A ECCP256
yubico-piv-tool -k$NEW -a generate -s 9c -A ECCP384 -o 9c.pub

say "reset"
refused yubico-piv-tool -a reset
for try in 1 2 3 4 5; do refused yubico-piv-tool -a verify-pin -P 000000; done
for try in 1 2 3 4; do refused yubico-piv-tool -a change-puk -P 00000000 -N 00000000; done
yubico-piv-tool -a reset
has "PIN tries left:	3" yubico-piv-tool -a status
yubico-piv-tool -a generate -s 9c -A ECCP256 -o 9c.pub
