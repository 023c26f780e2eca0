. "$FLOWS/prelude.sh"
t getcap algorithms >algorithms
for name in rsa ecc sha1 sha256 sha384 sha512 hmac aes cfb keyedhash rsassa rsapss oaep ecdsa ecdh; do
    grep -q "^$name:" algorithms
done
t getcap properties-fixed >fixed
grep -q 'value: "2.0"' fixed
grep -A1 'TPM2_PT_PCR_COUNT' fixed | grep -qi 'raw: 0x18'
t getcap properties-variable >variable
grep -q 'lockoutAuthSet: *0' variable
t getcap commands >commands
for name in CreatePrimary Create Load Sign Unseal Quote Certify NV_Write PolicySecret Import Duplicate; do
    grep -q "TPM2_CC_$name:" commands
done
t getcap ecc-curves >curves
grep -q TPM2_ECC_NIST_P256 curves
grep -q TPM2_ECC_NIST_P384 curves
t getcap pcrs >pcrs
grep -q sha256 pcrs
t getcap handles-permanent >permanent
grep -qi 0x40000001 permanent
for group in handles-transient handles-persistent handles-nv-index handles-loaded-session handles-saved-session handles-pcr; do
    t getcap "$group" >/dev/null
done
