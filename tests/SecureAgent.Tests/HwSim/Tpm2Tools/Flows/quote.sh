. "$FLOWS/prelude.sh"
t createek -Q -c ek.ctx -G rsa -u ek.pub
t createak -Q -C ek.ctx -c ak.ctx -G ecc -g sha256 -s ecdsa -u ak.pub -n ak.name
t readpublic -Q -c ak.ctx -f pem -o ak.pem
t pcrextend 10:sha256=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
t quote -Q -c ak.ctx -l sha256:0,10,16+sha1:0,1 -q cafe01 -m quote.msg -s quote.sig -o quote.pcrs -g sha256
t checkquote -Q -u ak.pem -m quote.msg -s quote.sig -f quote.pcrs -g sha256 -q cafe01
fails tpm2_checkquote -Q -u ak.pem -m quote.msg -s quote.sig -f quote.pcrs -g sha256 -q cafe02
t quote -Q -c ak.ctx -l sha256:10 -q cafe01 -m quote.msg -s quote.sig -f plain -o quote.pcrs -g sha256
openssl dgst -sha256 -verify ak.pem -signature quote.sig quote.msg
