using System.Runtime.Versioning;
using System.Security.AccessControl;
using System.Security.Principal;
using SecureAgent.Channels.Pageant;
using SecureAgent.Channels.Windows;
using SecureAgent.Core;
using SecureAgent.Tests.Channels.UnixSocket;

namespace SecureAgent.Tests.Channels.Pageant;

public sealed class OpenSshConfigFileTests
{
    private const string Pipe = @"\\.\pipe\pageant.mary.0123";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Test => TestContext.Current.CancellationToken;

    [Fact]
    public async Task File_stands_while_the_pipe_listens_and_is_emptied_at_the_end()
    {
        using TemporaryDirectory directory = new();
        string path = Path.Combine(directory.Path, "pageant.conf");
        await File.WriteAllTextAsync(path, "the line of yesterday, longer than that of today will ever be", Test);
        TaskCompletionSource listening = new();
        using CancellationTokenSource stopping = new();
        Task keeping = new OpenSshConfigFile(path).KeepAsync(Pipe, listening.Task, stopping.Token);
        Assert.StartsWith("the line of yesterday", await File.ReadAllTextAsync(path, Test), StringComparison.Ordinal);

        listening.SetResult();
        const string Expected = "IdentityAgent \"//./pipe/pageant.mary.0123\"\r\n";
        Assert.True(SpinWait.SpinUntil(() => keeping.IsCompleted || Read(path) == Expected, Patience));
        Assert.False(keeping.IsCompleted, $"{keeping.Exception}");

        await stopping.CancelAsync();
        await keeping.WaitAsync(Patience, Test);
        Assert.Equal("", await File.ReadAllTextAsync(path, Test));
    }

    [Fact]
    public async Task Nothing_is_written_for_a_pipe_that_cannot_listen()
    {
        using TemporaryDirectory directory = new();
        string path = Path.Combine(directory.Path, "pageant.conf");
        await new OpenSshConfigFile(path)
            .KeepAsync(Pipe, Task.FromException(new ChannelException("taken")), Test).WaitAsync(Patience, Test);
        Assert.False(File.Exists(path));
        await new OpenSshConfigFile(path)
            .KeepAsync(Pipe, new TaskCompletionSource().Task, new CancellationToken(canceled: true));
        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task File_is_its_users_only()
    {
        using TemporaryDirectory directory = new();
        string path = Path.Combine(directory.Path, "pageant.conf");
        using CancellationTokenSource stopping = new();
        Task keeping = new OpenSshConfigFile(path).KeepAsync(Pipe, Task.CompletedTask, stopping.Token);
        await stopping.CancelAsync();
        await keeping.WaitAsync(Patience, Test);
        if (OperatingSystem.IsWindows())
        {
            AssertOwnerOnly(path);
        }
        else
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }
    }

    [SupportedOSPlatform("windows")]
    private static void AssertOwnerOnly(string path)
    {
        FileSecurity security = new FileInfo(path).GetAccessControl();
        Assert.Equal(WindowsUser.Current.Sid, security.GetOwner(typeof(SecurityIdentifier))!.Value);
        string sddl = security.GetSecurityDescriptorSddlForm(AccessControlSections.Access);
        Assert.SkipWhen(sddl.Contains(";;;WD)", StringComparison.Ordinal),
            "This is Wine, which keeps the permissions of Unix in place of an access list.");
        Assert.Equal($"D:P(A;;FA;;;SY)(A;;FA;;;{WindowsUser.Current.Sid})", sddl);
    }

    /// <summary>Reads it, which cannot be done in the middle of a write on Windows.</summary>
    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
