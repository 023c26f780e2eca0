using SecureAgent.Channels.NamedPipe;

namespace SecureAgent.Tests.Channels.NamedPipe;

public sealed class PipeInstanceTests
{
    private const string User = "S-1-5-21-1-2-3-1001";

    [Theory]
    [InlineData(true, 0x40080003u)] // PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE
    [InlineData(false, 0x40000003u)]
    public void Arguments_let_the_user_in_from_this_machine_and_nobody_else(bool isFirst, uint openMode)
    {
        PipeInstance instance = PipeInstance.For(PipeName.OpenSsh, User, isFirst);
        Assert.Equal(@"\\.\pipe\openssh-ssh-agent", instance.Name);
        Assert.Equal(openMode, instance.OpenMode);
        Assert.Equal(8u, instance.PipeMode); // Bytes, blocking, PIPE_REJECT_REMOTE_CLIENTS.
        Assert.Equal(255u, instance.MaxInstances); // PIPE_UNLIMITED_INSTANCES.
        Assert.Equal((256 * 1024) + 4u, instance.InBufferSizeBytes);
        Assert.Equal((256 * 1024) + 4u, instance.OutBufferSizeBytes);
        Assert.Equal(
            "O:S-1-5-21-1-2-3-1001G:S-1-5-21-1-2-3-1001D:P(D;;GA;;;NU)(A;;GA;;;S-1-5-21-1-2-3-1001)(A;;GA;;;SY)"
            + "S:(ML;;NWNR;;;ME)",
            instance.Sddl);
    }

    [Fact]
    public void Client_lets_the_server_see_who_it_is_and_no_more() =>
        // FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION.
#pragma warning disable CA1416 // A constant is the same everywhere.
        Assert.Equal(0x40110000u, Win32.ClientFlags);
#pragma warning restore CA1416
}
