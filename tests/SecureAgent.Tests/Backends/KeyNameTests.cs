using SecureAgent.Backends;
using SecureAgent.Core;

namespace SecureAgent.Tests.Backends;

public sealed class KeyNameTests
{
    [Theory]
    [InlineData("git")]
    [InlineData("id_ecdsa")]
    [InlineData("work-2026.laptop")]
    [InlineData("0")]
    [InlineData("_x")]
    [InlineData("contract")]
    public void Safe_names_are_taken(string name) => KeyName.Require(name);

    [Theory]
    [InlineData("")]
    [InlineData(".hidden")]
    [InlineData("-rf")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("a b")]
    [InlineData("a\nb")]
    [InlineData("ключ")]
    [InlineData("a.")]
    [InlineData("git-cert")]
    [InlineData("CON")]
    [InlineData("nul.key")]
    [InlineData("com1")]
    [InlineData("a12345678901234567890123456789012345678901234567890123456789012345")]
    public void Other_names_are_refused(string name)
    {
        BackendException exception = Assert.Throws<BackendException>(() => KeyName.Require(name));
        Assert.DoesNotContain('\n', exception.Message);
    }
}
