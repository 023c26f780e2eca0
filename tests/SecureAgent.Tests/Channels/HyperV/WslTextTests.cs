using System.Text;
using SecureAgent.Channels.HyperV;

namespace SecureAgent.Tests.Channels.HyperV;

public sealed class WslTextTests
{
    private const string Id = "{00112233-4455-6677-8899-AABBCCDDEEFF}";

    [Fact]
    public void Distributions_are_read_in_either_encoding()
    {
        string[] expected = ["Ubuntu-24.04", "Débian"];
        Assert.Equal(expected, WslText.Lines(Encoding.Unicode.GetBytes("Ubuntu-24.04\r\nDébian\r\n")));
        Assert.Equal(expected, WslText.Lines(Encoding.UTF8.GetBytes("\uFEFFUbuntu-24.04\r\nDébian\r\n")));
        Assert.Empty(WslText.Lines([]));
    }

    [Theory]
    [InlineData(Id)]
    [InlineData("00112233-4455-6677-8899-aabbccddeeff\n")]
    public void Id_is_read_with_and_without_braces(string output) =>
        Assert.Equal(new Guid(Id), WslText.VmId(Encoding.UTF8.GetBytes(output)));

    [Theory]
    [InlineData("")]
    [InlineData("wslinfo: command not found\n")]
    [InlineData(Id + "\n" + Id)]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    [InlineData("90db8b89-0d35-4f79-8ce9-49ea0ac8b7cd")]
    public void Anything_else_is_no_id(string output) => Assert.Null(WslText.VmId(Encoding.UTF8.GetBytes(output)));
}
