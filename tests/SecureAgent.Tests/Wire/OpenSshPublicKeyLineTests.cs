using SecureAgent.Wire;

namespace SecureAgent.Tests.Wire;

public sealed class OpenSshPublicKeyLineTests
{
    public static TheoryData<string> Lines => WireVectors.Theory("*.pub");

    [Theory]
    [MemberData(nameof(Lines))]
    public void Line_of_ssh_keygen_reads_and_writes_the_same(string name)
    {
        string text = WireVectors.Text(name);
        OpenSshPublicKeyLine line = OpenSshPublicKeyLine.Parse(text);
        Assert.Equal(new KeyBlob(WireVectors.Blob(name)), line.Blob);
        Assert.Equal(text, OpenSshPublicKeyLine.Format(line.Blob, line.Comment) + "\n");
    }

    [Fact]
    public void Comment_stays_on_its_line()
    {
        KeyBlob blob = new(WireVectors.Blob("ed25519.pub"));
        string line = OpenSshPublicKeyLine.Format(blob, "a\nssh-rsa AAAA\r\t\u001b[1m");
        Assert.DoesNotContain(line, char.IsControl);
        Assert.Equal(2, OpenSshPublicKeyLine.Format(blob, "").Split(' ').Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ssh-ed25519")]
    [InlineData("ssh-ed25519 ***")]
    [InlineData("ssh-ed25519 AAAA")]
    [InlineData("# comment")]
    public void Other_lines_are_refused(string line) =>
        Assert.Throws<WireFormatException>(() => OpenSshPublicKeyLine.Parse(line));

    [Fact]
    public void Type_must_be_that_of_the_blob()
    {
        string text = WireVectors.Text("ed25519.pub").Replace("ssh-ed25519 ", "ssh-rsa ", StringComparison.Ordinal);
        Assert.Throws<WireFormatException>(() => OpenSshPublicKeyLine.Parse(text));
    }
}
