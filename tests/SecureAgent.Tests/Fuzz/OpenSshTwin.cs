using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using SecureAgent.Backends.Memory;
using SecureAgent.Backends.Software;
using SecureAgent.Channels.UnixSocket;
using SecureAgent.Core;
using SecureAgent.Tests.Channels.UnixSocket;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Fuzz;

/// <summary>OpenSSH's ssh-agent and this agent, both on sockets, asked the same. SECURE_AGENT_OPENSSH names the prefix
/// of another OpenSSH than the installed one.</summary>
internal sealed partial class OpenSshTwin : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TemporaryDirectory _directory = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly SoftwareKeys _keys = new(new LockedMemory(), TimeProvider.System);
    private readonly Process _openSsh;
    private readonly SshAgent _agent;
    private readonly UnixSocketChannel _channel;
    private readonly Task _running;

    private OpenSshTwin(string program, Version version)
    {
        Version = version;
        OpenSshSocket = Path.Combine(_directory.Path, "openssh.sock");
        _openSsh = Process.Start(new ProcessStartInfo(program, ["-D", "-a", OpenSshSocket])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _openSsh.BeginErrorReadLine(); // It says a line for each refusal.
        RecordingLog log = new();
        TestPrompter prompter = new() { Nobody = "nobody is there" };
        _agent = new SshAgent(
            [], prompter, log, new LockedMemory(), TimeProvider.System, new AgentOptions { SoftwareKeys = _keys });
        _channel = new UnixSocketChannel(Path.Combine(_directory.Path, "agent.sock"), log, TimeProvider.System);
        _running = _channel.RunAsync(_agent, _stopping.Token);
    }

    /// <summary>The release of OpenSSH.</summary>
    public Version Version { get; }

    /// <summary>Where OpenSSH's agent listens.</summary>
    public string OpenSshSocket { get; }

    /// <summary>Where this agent listens.</summary>
    public string Socket => _channel.Endpoint;

    public static async Task<OpenSshTwin> StartAsync()
    {
        string? prefix = Environment.GetEnvironmentVariable("SECURE_AGENT_OPENSSH");
        string agent = prefix is null ? Requires.Tool("ssh-agent") : Path.Combine(prefix, "bin", "ssh-agent");
        string client = prefix is null ? Requires.Tool("ssh") : Path.Combine(prefix, "bin", "ssh");
        ToolResult told = await ToolResult.RunAsync(client, ["-V"]);
        Match match = Release().Match(told.Error);
        Assert.True(match.Success, told.Error);
        OpenSshTwin twin = new(agent, Version.Parse(match.Groups[1].Value));
        await twin._openSsh.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        await twin._channel.Listening.WaitAsync(Patience, TestContext.Current.CancellationToken);
        return twin;
    }

    /// <summary>Connects to both.</summary>
    public async Task<TwinConnection> ConnectAsync()
    {
        CancellationToken ct = TestContext.Current.CancellationToken;
        return new TwinConnection(
            await new UnixSocketDialer(OpenSshSocket).ConnectAsync(ct),
            await new UnixSocketDialer(Socket).ConnectAsync(ct));
    }

    public async ValueTask DisposeAsync()
    {
        _openSsh.Kill();
        _openSsh.Dispose();
        await _stopping.CancelAsync();
        await _running.WaitAsync(Patience);
        _agent.Dispose();
        _keys.Dispose();
        _directory.Dispose();
        _stopping.Dispose();
    }

    [GeneratedRegex(@"OpenSSH_(\d+\.\d+)")]
    private static partial Regex Release();

    /// <summary>A connection to each of the two.</summary>
    internal sealed class TwinConnection(Stream theirs, Stream ours) : IAsyncDisposable
    {
        /// <summary>Sends a message to both.</summary>
        /// <returns>Their answers; empty for one that closed the connection.</returns>
        public Task<(byte[] Theirs, byte[] Ours)> AskAsync(byte[] message)
        {
            byte[] prefix = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(prefix, message.Length);
            return SendAsync([.. prefix, .. message]);
        }

        /// <summary>Sends bytes to both, and waits for one answer of each.</summary>
        public async Task<(byte[] Theirs, byte[] Ours)> SendAsync(byte[] bytes) =>
            (await SendAsync(theirs, bytes), await SendAsync(ours, bytes));

        public async ValueTask DisposeAsync()
        {
            await theirs.DisposeAsync();
            await ours.DisposeAsync();
        }

        private static async Task<byte[]> SendAsync(Stream stream, byte[] bytes)
        {
            using CancellationTokenSource deadline = new(Patience);
            byte[] prefix = new byte[4];
            try
            {
                await stream.WriteAsync(bytes, deadline.Token);
                await stream.ReadExactlyAsync(prefix, deadline.Token);
                byte[] body = new byte[BinaryPrimitives.ReadInt32BigEndian(prefix)];
                await stream.ReadExactlyAsync(body, deadline.Token);
                return body;
            }
            catch (IOException)
            {
                return []; // The connection is closed: EndOfStreamException is one of these.
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException(string.Create(CultureInfo.InvariantCulture,
                    $"no answer to {Convert.ToHexStringLower(bytes)}"));
            }
        }
    }
}
