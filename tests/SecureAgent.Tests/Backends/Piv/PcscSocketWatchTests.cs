using SecureAgent.Backends.Piv;
using SecureAgent.Tests.EndToEnd;

namespace SecureAgent.Tests.Backends.Piv;

public sealed class PcscSocketWatchTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("pcscd-");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Socket => Path.Combine(_directory.FullName, "pcscd", "pcscd.comm");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Directory_of_the_socket_is_a_sign_and_then_the_socket() // as pcscd makes them when it starts
    {
        await SignAsync(() => Directory.CreateDirectory(Path.GetDirectoryName(Socket)!));
        await SignAsync(() => File.WriteAllBytes(Socket, []));
    }

    [Fact]
    public async Task Sign_that_comes_before_the_wait_is_not_lost()
    {
        using PcscSocketWatch watch = new(Socket);
        Directory.CreateDirectory(Path.GetDirectoryName(Socket)!);
        await Task.Run(() => watch.Wait(Ct), Ct).WaitAsync(Deadline.Span, Ct);
    }

    [Fact]
    public void Other_files_are_no_sign()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Socket)!);
        using PcscSocketWatch watch = new(Socket);
        File.WriteAllBytes(Path.Combine(_directory.FullName, "utmp"), []);
        File.WriteAllBytes(Path.Combine(Path.GetDirectoryName(Socket)!, "pcscd.pid"), []);
        using CancellationTokenSource stop = new(TimeSpan.FromMilliseconds(100));
        Assert.ThrowsAny<OperationCanceledException>(() => watch.Wait(stop.Token));
    }

    private async Task SignAsync(Action action)
    {
        using PcscSocketWatch watch = new(Socket);
        Task waiting = Task.Run(() => watch.Wait(Ct), Ct);
        action();
        await waiting.WaitAsync(Deadline.Span, Ct);
    }
}
