. "$FLOWS/prelude.sh"
t createprimary -Q -C o -G ecc -c primary.ctx
t evictcontrol -Q -C o -c primary.ctx 0x81000001
t create -Q -C 0x81000001 -G ecc -u key.pub -r key.priv
t load -Q -C 0x81000001 -u key.pub -r key.priv -c key.ctx
t evictcontrol -Q -C o -c key.ctx 0x81000002
t getcap handles-persistent | grep -qi 81000002
t readpublic -Q -c 0x81000002 -f pem -o key.pem
t sign -Q -c 0x81000002 -g sha256 -f plain -o sig message
openssl dgst -sha256 -verify key.pem -signature sig message
fails tpm2_evictcontrol -Q -C o -c key.ctx 0x81000002
t evictcontrol -Q -C o -c 0x81000002
fails tpm2_readpublic -Q -c 0x81000002
