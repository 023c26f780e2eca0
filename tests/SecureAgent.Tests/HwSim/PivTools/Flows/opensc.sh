# OpenSC 0.23: pkcs11-tool and piv-tool. It sees keys by their certificates, which ykman or others write.
. "$FLOWS/prelude.sh"

yubico-piv-tool -a set-chuid
piv-tool --serial
has "Personal Identity Verification Card" piv-tool --name
echo 01:02:03:04:05:06:07:08:01:02:03:04:05:06:07:08:01:02:03:04:05:06:07:08 >management
export PIV_EXT_AUTH_KEY=$PWD/management
# The key is made; then piv-tool 0.23 fails to write the public key down with OpenSSL 3.
piv-tool -A M:9B:03 -G 9A:11 >/dev/null 2>&1 || true
yubico-piv-tool -a attest -s 9a -o attestation.pem
has "id-ecPublicKey" openssl x509 -in attestation.pem -noout -text

say "certificates: piv-tool's exit code is how much it wrote"
echo "to be signed" >message
openssl dgst -sha256 -binary message >digest
openssl req -new -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ec.pem -out ec.crt -subj /CN=ec 2>/dev/null
openssl req -new -x509 -newkey rsa:2048 -nodes -keyout rsa.pem -out rsa.crt -subj /CN=rsa 2>/dev/null
yubico-piv-tool -a import-key -s 9c -i ec.pem
piv-tool -A M:9B:03 -C 9C -i ec.crt 2>/dev/null || true
yubico-piv-tool -a import-key -s 9a -i rsa.pem
openssl x509 -in rsa.crt -outform der | gzip -9 >rsa.crt.gz
piv-tool -A M:9B:03 -Z 9A -i rsa.crt.gz 2>/dev/null || true # compressed on the card too
pkcs11-tool --module $OPENSC -O >objects 2>/dev/null
has "DN: CN=ec" cat objects
has "DN: CN=rsa" cat objects

say "signatures"
openssl x509 -in ec.crt -noout -pubkey >ec.pub
openssl x509 -in rsa.crt -noout -pubkey >rsa.pub
pkcs11-tool --module $OPENSC --login --pin $PIN --id 02 -m ECDSA --sign --signature-format openssl -i digest -o signature
openssl dgst -sha256 -verify ec.pub -signature signature message
pkcs11-tool --module $OPENSC --login --pin $PIN --id 01 -m SHA256-RSA-PKCS --sign -i message -o signature
openssl dgst -sha256 -verify rsa.pub -signature signature message
has "No errors" pkcs11-tool --module $OPENSC --login --pin $PIN --test

refused pkcs11-tool --module $OPENSC --login --pin 000000 --id 01 -m SHA256-RSA-PKCS --sign -i message -o signature
has "PIN tries left:	2" yubico-piv-tool -a status
pkcs11-tool --module $OPENSC --login --pin $PIN --change-pin --new-pin 654321
yubico-piv-tool -a verify-pin -P 654321
