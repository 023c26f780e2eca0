. "$FLOWS/prelude.sh"
for hash in sha1 sha256 sha384 sha512; do
    t hash -C o -g "$hash" -o digest -t ticket message
    openssl dgst "-$hash" -binary message | cmp - digest
done
# More than one TPM2B: a sequence.
head -c 5000 /dev/urandom >big
t hash -C n -g sha256 -o digest big
openssl dgst -sha256 -binary big | cmp - digest

# A restricted key signs what the TPM itself has hashed.
t createprimary -Q -C o -G ecc -c primary.ctx
t create -Q -C primary.ctx -G ecc256:ecdsa-sha256:null -u ak.pub -r ak.priv \
    -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign'
t load -Q -C primary.ctx -u ak.pub -r ak.priv -c ak.ctx
t readpublic -Q -c ak.ctx -f pem -o ak.pem
t hash -C o -g sha256 -o digest -t ticket big
t sign -Q -c ak.ctx -g sha256 -d -t ticket -f plain -o sig digest
openssl dgst -sha256 -verify ak.pem -signature sig big
fails tpm2_sign -Q -c ak.ctx -g sha256 -d -f plain -o sig digest

# RFC 4231, test case 2.
printf 'Jefe' >key
printf 'what do ya want for nothing?' >data
openssl dgst -sha256 -mac HMAC -macopt key:Jefe -binary data >expected
t import -Q -C primary.ctx -G hmac -i key -u hmac.pub -r hmac.priv
t load -Q -C primary.ctx -u hmac.pub -r hmac.priv -c hmac.ctx
t hmac -c hmac.ctx -g sha256 -o mac data
same expected mac
openssl dgst -sha256 -mac HMAC -macopt key:Jefe -binary big >expected
t hmac -c hmac.ctx -g sha256 -o mac big
same expected mac
