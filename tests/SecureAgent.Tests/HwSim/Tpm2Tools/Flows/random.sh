. "$FLOWS/prelude.sh"
t getrandom -o first 32
t getrandom -o second 32
test "$(wc -c <first)" -eq 32
! cmp -s first second
t getrandom --hex 8 | grep -qE '^[0-9a-f]{16}$'
t stirrandom message
