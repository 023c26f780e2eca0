# ykcs11 2.2 by pkcs11-tool, which generates by it too.
. "$FLOWS/prelude.sh"

echo "to be signed" >message
openssl dgst -sha256 -binary message >digest
openssl dgst -sha384 -binary message >digest384

say "generate with the management key as the security officer's PIN"
pkcs11-tool --module $YKCS11 --login --login-type so --so-pin $MANAGEMENT --keypairgen --id 1 --key-type EC:prime256v1
pkcs11-tool --module $YKCS11 --login --login-type so --so-pin $MANAGEMENT --keypairgen --id 3 --key-type EC:secp384r1
pkcs11-tool --module $YKCS11 --login --login-type so --so-pin $MANAGEMENT --keypairgen --id 5 --key-type rsa:2048
pkcs11-tool --module $YKCS11 -O >objects 2>&1
for label in "PIV Authentication" "Key Management" "Retired Key 1" "PIV Attestation 9a" "PIV Attestation 9d"; do
    has "$label" cat objects
done

say "sign"
for id in 01 03 05; do
    pkcs11-tool --module $YKCS11 --read-object --type cert --id $id -o certificate.der
    openssl x509 -inform der -in certificate.der -noout -pubkey >$id.pub
done
sign() { pkcs11-tool --module $YKCS11 --login --pin $PIN --sign "$@" -o signature; }
sign --id 01 -m ECDSA --signature-format openssl -i digest
openssl dgst -sha256 -verify 01.pub -signature signature message
sign --id 03 -m ECDSA --signature-format openssl -i digest384
openssl dgst -sha384 -verify 03.pub -signature signature message
sign --id 05 -m SHA256-RSA-PKCS -i message
openssl dgst -sha256 -verify 05.pub -signature signature message
sign --id 05 -m SHA256-RSA-PKCS-PSS -i message
openssl dgst -sha256 -verify 05.pub -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-1 -signature signature message
