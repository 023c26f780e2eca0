using System.Text;
using SecureAgent.Channels.Cygwin;

namespace SecureAgent.Tests.Channels.Cygwin;

public sealed class CygwinSocketFileTests
{
    private const string Valid = "!<socket >49152 s 01234567-89abcdef-00000001-ffffffff";

    // Each word is printed by printf's %08x from memory, little-endian on every Windows.
    private static readonly byte[] ValidSecret =
        [0x67, 0x45, 0x23, 0x01, 0xef, 0xcd, 0xab, 0x89, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff];

    [Theory]
    [InlineData(Valid)]
    [InlineData(Valid + "\0")]
    [InlineData(Valid + "\0what was there before")]
    [InlineData("!<socket >49152 s 01234567-89ABCDEF-00000001-FFFFFFFF\0")]
    public void Socket_is_read_with_or_without_its_zero_and_in_either_case(string text)
    {
        CygwinSocketFile file = CygwinSocketFile.TryParse(Encoding.ASCII.GetBytes(text))!;
        Assert.Equal(49152, file.Port);
        Assert.Equal(ValidSecret, file.Secret);
        Assert.Equal(Valid + "\0", Encoding.ASCII.GetString(file.Format()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("!<socket >")]
    [InlineData("!<symlink>49152 s 01234567-89abcdef-00000001-ffffffff")]
    [InlineData("!<socket >49152 d 01234567-89abcdef-00000001-ffffffff")]
    [InlineData("!<socket >0 s 01234567-89abcdef-00000001-ffffffff")]
    [InlineData("!<socket >65536 s 01234567-89abcdef-00000001-ffffffff")]
    [InlineData("!<socket >-1 s 01234567-89abcdef-00000001-ffffffff")]
    [InlineData("!<socket >+1 s 01234567-89abcdef-00000001-ffffffff")]
    [InlineData("!<socket > 1 s 01234567-89abcdef-00000001-ffffffff")]
    [InlineData("!<socket >49152 01234567-89abcdef-00000001-ffffffff")]
    [InlineData("!<socket >49152 s 01234567-89abcdef-00000001")]
    [InlineData("!<socket >49152 s 1234567-89abcdef-00000001-ffffffff")]
    [InlineData("!<socket >49152 s 01234567-89abcdef-00000001-fffffffg")]
    [InlineData("!<socket >49152 s 01234567-89abcdef-00000001-ffffffff ")]
    [InlineData("!<socket >49152 s 01234567-89abcdef-00000001-ffffffff0")]
    [InlineData("!<socket >49152 s 01234567_89abcdef-00000001-ffffffff")]
    [InlineData("49152\n0123456789abcdef")]
    public void Anything_else_is_not_a_socket(string text) =>
        Assert.Null(CygwinSocketFile.TryParse(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void No_change_of_a_bit_or_cut_is_more_than_refused()
    {
        byte[] valid = Encoding.ASCII.GetBytes(Valid);
        for (int bit = 0; bit < valid.Length * 8; bit++)
        {
            byte[] changed = [.. valid];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            if (CygwinSocketFile.TryParse(changed) is { } read)
            {
                Assert.NotNull(CygwinSocketFile.TryParse(read.Format()));
            }

            Assert.Null(CygwinSocketFile.TryParse(valid.AsSpan(0, bit / 8)));
        }
    }

    [Fact]
    public void New_secrets_differ_and_are_read_back()
    {
        CygwinSocketFile[] files = [.. Enumerable.Range(0, 100).Select(_ => CygwinSocketFile.Create(65535))];
        Assert.Equal(100, files.Select(file => Convert.ToHexString(file.Secret.Span)).Distinct().Count());
        Assert.All(files, file => Assert.True(CygwinSocketFile.TryParse(file.Format())!.IsSameAs(file)));
        Assert.False(files[0].IsSameAs(files[1]));
    }
}
