using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using SecureAgent.Tests.Channels.Cygwin;

namespace SecureAgent.Tests.EndToEnd.Wine;

/// <summary>One agent on Windows, all of its channels at once, and OpenSSH of Linux at the end of each way to it.</summary>
[Collection(WineWorlds.Name)]
public sealed class WindowsAgentTests(WineWorlds.One shared) : IAsyncLifetime
{
    private const int Clients = 64;

    private static readonly string[] Channels = ["user-pipe", "openssh-pipe", "pageant-pipe", "pageant", "cygwin"];

    private WindowsAgent _agent = null!;
    private SshdServer _sshd = null!;
    private string _key = "";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Needs.LinuxWith("ssh", "sshd", "ssh-add", "ssh-keygen");
        _agent = await WindowsAgent.StartAsync(await shared.WorldAsync());
        _sshd = await SshdServer.StartAsync(new SshdSetup { HostKeyTypes = ["ed25519"] });
        string directory = _agent.Home.PrivateDirectory($"tmp/{Path.GetRandomFileName()}");
        _key = Path.Combine(directory, "software");
        string[] arguments = ["-q", "-t", "ed25519", "-N", "", "-C", "software", "-f", _key];
        (await new Command(_agent.Home.Environment, "ssh-keygen", arguments).RunAsync()).Succeeded();
        _sshd.Authorize(await File.ReadAllTextAsync(_key + ".pub", Ct), await File.ReadAllTextAsync(_agent.TpmKey, Ct));
    }

    public async ValueTask DisposeAsync()
    {
        if (_agent is not null)
        {
            await _agent.DisposeAsync();
        }

        if (_sshd is not null)
        {
            await _sshd.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_key_of_the_TPM_and_one_of_ssh_add_log_in_through_every_channel_at_the_same_time()
    {
        Dictionary<string, string> sockets = [];
        foreach (string channel in Channels)
        {
            sockets[channel] = await _agent.RelayAsync(channel);
        }

        (await Client(sockets["user-pipe"]).SshAddAsync("-q", _key)).Succeeded();
        string alone = PublicHalfAlone();
        foreach (string socket in sockets.Values)
        {
            Assert.Contains(" software ", (await Client(socket).SshAddAsync("-l")).Succeeded().Output);
        }

        await Task.WhenAll(
            from way in sockets
            from key in new[] { alone, _agent.TpmKey }
            select LoginAsync(way.Value, key, $"{way.Key} {Path.GetFileName(key)}"));

        byte[] blob = Convert.FromBase64String((await File.ReadAllTextAsync(alone, Ct)).Split(' ')[1]);
        await Task.WhenAll(sockets.Select(way => UseAsync(way.Key, way.Value, blob))).WaitAsync(TimeSpan.FromMinutes(3), Ct);
    }

    [Fact]
    public async Task One_process_for_each_connection_serves_as_npiperelay_does()
    {
        (await Client(await _agent.RelayAsync("user-pipe")).SshAddAsync("-q", _key)).Succeeded();
        foreach (string channel in Channels)
        {
            Assert.Equal(2, await CountKeysAsync(_agent.Endpoint(channel)));
        }
    }

    [Fact]
    public void Cygwin_clients_of_another_system_that_shares_the_loopback_get_in_by_the_secret_alone()
    {
        CygwinTestClient[] clients = [.. Enumerable.Range(0, Clients).Select(_ => CygwinTestClient.Open(_agent.CygwinFile))];
        try
        {
            Assert.All(clients, client => Assert.Equal(1, client.List()));
        }
        finally
        {
            Array.ForEach(clients, client => client.Dispose());
        }
    }

    [Theory]
    [InlineData("openssh-pipe")]
    [InlineData("pageant-pipe")]
    [InlineData("pageant")]
    [InlineData("cygwin")]
    public async Task Another_agent_on_Windows_offers_the_keys_of_this_one_as_an_upstream(string channel)
    {
        string directory = _agent.Home.PrivateDirectory($"tmp/{Path.GetRandomFileName()}");
        string file = WineWorld.WindowsPath(Path.Combine(directory, "other.sock"));
        string configuration = _agent.Home.Write($"tmp/{Path.GetRandomFileName()}", JsonSerializer.Serialize(new
        {
            channels = new[] { "cygwin" },
            cygwinSocket = file,
            keyDirectory = WineWorld.WindowsPath(directory),
            auditFile = "off",
        }));
        await using BackgroundProcess other = await _agent.World.Start(
            "run", "--config", WineWorld.WindowsPath(configuration), "--socket", file + "x", "--upstream", _agent.Endpoint(channel))
            .ReadyAsync(started => started.Output.WaitForAsync("cygwin: "));

        Assert.Equal(1, await CountKeysAsync("cygwin:" + file));
    }

    [Fact]
    public async Task Status_says_where_clients_find_the_agent_and_a_second_agent_gives_way()
    {
        Ran status = (await _agent.World.RunAsync("status")).Succeeded();
        foreach (string channel in Channels)
        {
            Assert.Contains($"channel {channel}: ", status.Output);
            Assert.DoesNotContain($"channel {channel}: degraded", status.Output);
        }

        Assert.Contains("channel unix: degraded", status.Output); // Wine has none.

        Ran second = (await _agent.World.RunAsync("run")).Succeeded();
        foreach (string channel in Channels)
        {
            Assert.Contains($"{channel}: {_agent.Endpoints[channel]}", second.Output);
        }
    }

    [Fact]
    public async Task OpenSSH_is_pointed_at_the_pipe_of_Pageant_by_a_file_as_long_as_the_agent_runs()
    {
        string directory = _agent.Home.PrivateDirectory($"tmp/{Path.GetRandomFileName()}");
        string file = Path.Combine(directory, "pageant.conf");
        string configuration = _agent.Home.Write($"tmp/{Path.GetRandomFileName()}", """{ "channels": ["pageant-pipe"], "auditFile": "off" }""");
        await _agent.Process.DisposeAsync(); // It has the pipe.
        await using BackgroundProcess other = await _agent.World.Start(
            "run", "--config", WineWorld.WindowsPath(configuration), "--socket", WineWorld.WindowsPath(file + ".sock"),
            "--openssh-config", WineWorld.WindowsPath(file))
            .ReadyAsync(started => started.Output.WaitForAsync("pageant-pipe: "));

        string pipe = _agent.Endpoints["pageant-pipe"].Replace('\\', '/');
        await Deadline.UntilAsync(
            () => File.Exists(file) && File.ReadAllText(file) == $"IdentityAgent \"{pipe}\"\r\n", () => "the file is not written");
    }

    [Fact]
    public async Task Bridge_on_Windows_passes_one_channel_on_to_another_without_keys()
    {
        await using BackgroundProcess bridge = await _agent.World.Start(
            "bridge", "--from", "pipe:bridged", "--to", "pageant").ReadyAsync(
                started => started.Output.WaitForAsync("bridged"));
        Assert.Equal(1, await CountKeysAsync("pipe:bridged"));
    }

    private OpenSshClient Client(string socket) => new(_agent.Home, socket);

    /// <summary>Asks through a relay for one connection, which ends with its standard input.</summary>
    private async Task<int> CountKeysAsync(string endpoint)
    {
        using Process relay = Process.Start(Command.StartInfo(
            _agent.World.Environment, "wine", [WineWorld.Program, "relay", "--to", endpoint]))!;
        Task<string> errors = relay.StandardError.ReadToEndAsync(Ct);
        await relay.StandardInput.BaseStream.WriteAsync((byte[])[0, 0, 0, 1, AgentSocket.SSH_AGENTC_REQUEST_IDENTITIES], Ct);
        await relay.StandardInput.BaseStream.FlushAsync(Ct);
        byte[] length = new byte[4];
        await relay.StandardOutput.BaseStream.ReadExactlyAsync(length, Ct).AsTask().WaitAsync(Deadline.Span, Ct);
        byte[] answer = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
        await relay.StandardOutput.BaseStream.ReadExactlyAsync(answer, Ct);
        relay.StandardInput.Close();
        await relay.WaitForExitAsync(Ct).WaitAsync(Deadline.Span, Ct);
        Assert.Equal((0, ""), (relay.ExitCode, await errors));
        Assert.Equal(AgentSocket.SSH_AGENT_IDENTITIES_ANSWER, answer[0]);
        return BinaryPrimitives.ReadInt32BigEndian(answer.AsSpan(1));
    }

    /// <summary>Where no private half lies beside it, so that ssh needs the agent.</summary>
    private string PublicHalfAlone()
    {
        string copy = Path.Combine(
            _agent.Home.PrivateDirectory($"tmp/{Path.GetRandomFileName()}"), Path.GetFileName(_key) + ".pub");
        File.WriteAllText(copy, File.ReadAllText(_key + ".pub"));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(copy, UnixFileMode.UserRead | UnixFileMode.UserWrite); // ssh tries it as a private key.
        }

        return copy;
    }

    private async Task LoginAsync(string socket, string publicKey, string word) => Assert.Equal(
        word + "\n", (await Client(socket).LoginAsync(_sshd, publicKey, $"echo {word}")).Succeeded().Output);

    /// <summary>Lists and signs by many clients at once.</summary>
    private static async Task UseAsync(string channel, string socket, byte[] blob)
    {
        AgentSocket[] clients = [.. Enumerable.Range(0, Clients).Select(_ => AgentSocket.Connect(socket))];
        try
        {
            await Task.WhenAll(clients.Select(async (client, number) =>
            {
                byte[] list = await client.AskAsync([AgentSocket.SSH_AGENTC_REQUEST_IDENTITIES]);
                Assert.True(list.AsSpan().IndexOf(blob) > 0, $"Client {number} on {channel} got {list[0]} for a list.");
                byte[] data = Encoding.UTF8.GetBytes($"data of client {number}");
                byte[] answer = await client.AskAsync(AgentSocket.SignRequest(blob, data, flags: 0));
                Assert.True(answer[0] == AgentSocket.SSH_AGENT_SIGN_RESPONSE,
                    $"Client {number} on {channel} got {answer[0]} for a signature.");
            }));
        }
        finally
        {
            Array.ForEach(clients, client => client.Dispose());
        }
    }
}
