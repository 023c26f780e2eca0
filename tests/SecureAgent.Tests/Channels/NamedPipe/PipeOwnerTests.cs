using SecureAgent.Channels.NamedPipe;

namespace SecureAgent.Tests.Channels.NamedPipe;

public sealed class PipeOwnerTests
{
    private const string User = "S-1-5-21-1-2-3-1001";

    [Theory]
    [InlineData(User, true)]
    [InlineData("S-1-5-18", true)] // The service of Win32-OpenSSH.
    [InlineData("S-1-5-32-544", true)] // An elevated program.
    [InlineData("S-1-5-21-1-2-3-1002", false)]
    [InlineData("S-1-5-19", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Owner_of_a_pipe_is_trusted_if_he_is_the_user_or_stands_above_him(string? owner, bool isTrusted) =>
        Assert.Equal(isTrusted, PipeOwner.IsTrusted(owner, User));
}
