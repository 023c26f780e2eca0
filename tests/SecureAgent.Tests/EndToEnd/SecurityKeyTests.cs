using System.Globalization;
using SecureAgent.Tests.Backends.Software;
using SecureAgent.Wire;

namespace SecureAgent.Tests.EndToEnd;

/// <summary>Keys of security keys in <c>secure-agent ssh-agent</c>: ssh-keygen makes them, ssh-add adds them, and
/// OpenSSH's own ssh-sk-helper signs with them.</summary>
[Collection(DropInWorlds.Name)]
public sealed class SecurityKeyTests(KeyFiles keys, SecurityKeyMiddleware device) : IClassFixture<SecurityKeyMiddleware>
{
    private Home Home => device.Home;

    [Theory]
    [InlineData("ed25519-sk")]
    [InlineData("ecdsa-sk")]
    public async Task A_key_that_is_added_does_everything_that_it_does_in_OpenSSHs_agent(string type)
    {
        SecurityKeyMiddleware.Require();
        string file = await device.KeyAsync("mine", type);
        string alone = device.Alone(file);
        SshdServer sshd = await keys.SshdAsync();
        sshd.Authorize(File.ReadAllText(alone));
        await using AgentPair agents = await AgentPair.StartAsync(Home, device.Allowed);

        Assert.Equal(0, (await agents.SshAddAsync("-S", device.Library, file)).ExitCode);
        await agents.SshAddAsync("-l");
        await agents.SshAddAsync("-L");
        Assert.Equal(0, (await agents.SshAddAsync("-T", alone)).ExitCode);
        Ran login = await agents.SameAsync(agent => agent.Client.LoginAsync(sshd, alone, "echo inside"));
        Assert.Equal("inside\n", login.Output);
        Ran signed = (await agents.Ours.Client.SignAsync(alone, "a message\n")).Succeeded();
        (await agents.Ours.Client.VerifyAsync(alone, "a message\n", signed.Output)).Succeeded();

        Assert.Contains(Home.Askpass.Prompts, prompt =>
            prompt.StartsWith("Touch the device", StringComparison.Ordinal)
            && prompt.Contains("file signature in namespace file", StringComparison.Ordinal));
        Assert.Equal(0, (await agents.SshAddAsync("-d", file)).ExitCode);
        Assert.Equal(1, (await agents.SshAddAsync("-T", alone)).ExitCode);
    }

    [Theory]
    [InlineData("ed25519-sk")]
    [InlineData("ecdsa-sk")]
    public async Task A_certificate_beside_the_key_file_logs_in(string type)
    {
        SecurityKeyMiddleware.Require();
        string file = await device.KeyAsync("certified", type);
        string authority = await keys.NamedAsync("sk-authority");
        (await new Command(Home.Environment, "ssh-keygen", "-q", "-s", authority, "-I", "the-user",
            "-n", Environment.UserName, file + ".pub").RunAsync()).Succeeded();
        SshdServer sshd = await keys.SshdAsync();
        sshd.Authorize();
        sshd.Trust(File.ReadAllText(authority + ".pub"));
        await using DropInAgent agent = await DropInAgent.StartAsync(AgentSide.DropIn, Home, device.Allowed);

        (await agent.Client.SshAddAsync("-S", device.Library, file)).Succeeded();

        Ran login = await agent.Client.LoginAsync(sshd, null, "echo inside", "-o", "IdentityFile=none");
        Assert.Equal("inside\n", login.Succeeded().Output);
        sshd.Trust();
    }

    [Fact]
    public async Task The_PIN_is_asked_for_once_where_the_key_needs_it()
    {
        SecurityKeyMiddleware.Require();
        string file = await device.KeyAsync("with-pin", "ed25519-sk", "verify-required");
        string alone = device.Alone(file);
        await using DropInAgent agent = await StartWithAsync(file);
        int before = PinPrompts();

        Ran signed = (await agent.Client.SignAsync(alone, "a message\n")).Succeeded();
        (await agent.Client.VerifyAsync(alone, "a message\n", signed.Output)).Succeeded();
        Assert.Equal(before + 1, PinPrompts());

        Home.Askpass.AnswerFirst("135797531");
        Assert.NotEqual(0, (await agent.Client.SignAsync(alone, "a message\n")).ExitCode);
        await agent.Process.Error.WaitForAsync("The PIN of the security key of with-pin was wrong");
        Home.Askpass.AnswerFirst("");
        Assert.NotEqual(0, (await agent.Client.SignAsync(alone, "a message\n")).ExitCode);
        await agent.Process.Error.WaitForAsync("No PIN was entered for with-pin");

        Assert.Equal(before + 3, PinPrompts());
        Assert.False(agent.Process.Error.Contains(SecurityKeyMiddleware.Pin));
        Assert.False(agent.Process.Error.Contains("135797531"));
    }

    [Theory]
    [InlineData("ssh:absent", "is not plugged in")]
    [InlineData("ssh:crash", "ssh-sk-helper ended with exit code")]
    [InlineData("ssh:liar", "returned a signature for in-trouble that is wrong")]
    public async Task A_security_key_in_trouble_is_a_refusal_that_says_why(string application, string reason)
    {
        SecurityKeyMiddleware.Require();
        string file = await device.KeyAsync("in-trouble", "ed25519-sk", $"application={application}");
        await using DropInAgent agent = await StartWithAsync(file);

        Ran ran = await agent.Client.SignAsync(device.Alone(file), "a message\n");

        Assert.NotEqual(0, ran.ExitCode);
        Assert.Equal("", ran.Output);
        await agent.Process.Error.WaitForAsync(reason);
        (await agent.Client.SshAddAsync("-l")).Succeeded();
    }

    [Fact]
    public async Task A_client_that_leaves_takes_the_helper_along_and_the_next_one_is_served()
    {
        SecurityKeyMiddleware.Require();
        string hanging = await device.KeyAsync("hanging", "ed25519-sk", "application=ssh:hang");
        string working = await device.KeyAsync("working");
        await using DropInAgent agent = await StartWithAsync(hanging, working);
        int helper;
        using (AgentSocket client = AgentSocket.Connect(agent.Socket))
        {
            Task<byte[]> never = client.AskAsync(await SignRequestAsync(hanging));
            helper = await HelperOfAsync(agent.Process.Id);
            (await agent.Client.SshAddAsync("-l")).Succeeded();
            Assert.False(never.IsCompleted);
        }

        await Deadline.UntilAsync(() => !Directory.Exists($"/proc/{helper}"), () => "the helper is still there");
        (await agent.Client.SignAsync(device.Alone(working), "a message\n")).Succeeded();
    }

    [Fact]
    [Trait("Promise", "remote provider load refused")]
    public async Task A_library_that_is_not_on_the_list_is_refused_when_the_key_is_added()
    {
        SecurityKeyMiddleware.Require();
        string file = await device.KeyAsync("elsewhere");
        await using AgentPair agents = await AgentPair.StartAsync(Home);

        Assert.Equal(1, (await agents.SshAddAsync("-S", device.Library, file)).ExitCode);

        string refusal = await agents.Ours.Process.Error.WaitForAsync("not among the modules");
        Assert.Contains(device.Library, refusal, StringComparison.Ordinal);
        Assert.Equal(1, (await agents.SshAddAsync("-l")).ExitCode);
    }

    [Fact]
    public async Task What_the_helper_says_of_a_file_that_is_no_library_is_passed_on()
    {
        SecurityKeyMiddleware.Require();
        string file = await device.KeyAsync("wrong-library");
        string other = Requires.Tool("ssh-keygen");
        await using DropInAgent agent = await DropInAgent.StartAsync(AgentSide.DropIn, Home, "-P", other);
        (await agent.Client.SshAddAsync("-S", other, file)).Succeeded();

        Assert.NotEqual(0, (await agent.Client.SignAsync(device.Alone(file), "a message\n")).ExitCode);

        Assert.Contains(other, await agent.Process.Error.WaitForAsync("sk_api_version"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_helper_the_key_is_not_taken()
    {
        SecurityKeyMiddleware.Require();
        string file = await device.KeyAsync("no-helper");
        await using DropInAgent agent = await DropInAgent.StartAsync(
            AgentSide.DropIn, Home, Home.With("SSH_SK_HELPER", "/nonexistent/helper"), ["-D", .. device.Allowed]);

        (await agent.Client.SshAddAsync("-S", device.Library, file)).ExitedWith(1);

        await agent.Process.Error.WaitForAsync("SSH_SK_HELPER names /nonexistent/helper, which is not there");
    }

    [Theory]
    [InlineData("ed25519-sk")]
    [InlineData("ecdsa-sk")]
    public async Task The_helper_is_asked_byte_for_byte_as_by_OpenSSHs_agent(string type)
    {
        SecurityKeyMiddleware.Require();
        string file = await device.KeyAsync("asked", type, "verify-required");
        byte[][] asked = new byte[2][];
        foreach (AgentSide side in Enum.GetValues<AgentSide>())
        {
            string seen = Home.File($"tmp/{Path.GetRandomFileName()}");
            string helper = Home.File($"tmp/{side}-helper");
            OwnerOnly.Program(helper, $"""
                #!/bin/sh
                set -- $(head -c 4 | od -An -tu1)
                head -c $((($1 << 24) | ($2 << 16) | ($3 << 8) | $4)) > '{seen}'

                """);
            await using DropInAgent agent = await DropInAgent.StartAsync(
                side, Home, Home.With("SSH_SK_HELPER", helper), ["-D", .. device.Allowed]);
            (await agent.Client.SshAddAsync("-S", device.Library, file)).Succeeded();
            Assert.NotEqual(0, (await agent.Client.SignAsync(device.Alone(file), "a message\n")).ExitCode);
            asked[(int)side] = await File.ReadAllBytesAsync(seen, TestContext.Current.CancellationToken);
            asked[(int)side].AsSpan(5, 5).Clear(); // Whether and how much to log.
        }

        Assert.True(asked[0].Length > 100);
        Assert.Equal(Convert.ToHexString(asked[0]), Convert.ToHexString(asked[1]));
    }

    [Fact]
    [Trait("Promise", "memory: shielded keys")]
    public async Task A_key_that_is_removed_leaves_no_handle_in_memory()
    {
        SecurityKeyMiddleware.Require();
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Reading the memory of the agent needs root.");
        string file = await device.KeyAsync("to-forget", "ed25519-sk", "verify-required");
        await using DropInAgent agent = await StartWithAsync(file);
        using MemoryScan scan = new(agent.Process.Id.ToString(CultureInfo.InvariantCulture));
        byte[] text = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        using PrivateKey key = OpenSshPrivateKeyFile.Decode(text, []).Key;
        // Before the last 32 bytes it is the same for all keys.
        byte[] handle = Assert.IsType<SkPrivateKey>(key).KeyHandle[^32..];
        foreach ((string form, byte[] bytes) in Canaries.FormsOf(handle))
        {
            scan.Add(form, bytes);
        }

        for (int i = 0; i < 3; i++)
        {
            (await agent.Client.SignAsync(device.Alone(file), "a message\n")).Succeeded();
        }

        Assert.NotEmpty(scan.Find()); // The scan sees keys that are held.
        (await agent.Client.SshAddAsync("-D")).Succeeded();
        Assert.Equal([], scan.Find());
    }

    private async Task<DropInAgent> StartWithAsync(params string[] files)
    {
        DropInAgent agent = await DropInAgent.StartAsync(AgentSide.DropIn, Home, device.Allowed);
        try
        {
            (await agent.Client.SshAddAsync(["-q", "-S", device.Library, .. files])).Succeeded();
            return agent;
        }
        catch
        {
            await agent.DisposeAsync();
            throw;
        }
    }

    private int PinPrompts() =>
        Home.Askpass.Prompts.Count(prompt => prompt.StartsWith("PIN for key", StringComparison.Ordinal));

    private static async Task<byte[]> SignRequestAsync(string file)
    {
        string line = await File.ReadAllTextAsync(file + ".pub", TestContext.Current.CancellationToken);
        return AgentSocket.SignRequest(Convert.FromBase64String(line.Split(' ')[1]), [1], flags: 0);
    }

    /// <summary>Waits for the helper that the agent has started: proc(5), children.</summary>
    private static async Task<int> HelperOfAsync(int agent)
    {
        int found = 0;
        await Deadline.UntilAsync(
            () => (found = Directory.GetDirectories("/proc")
                .Select(path => Path.GetFileName(path))
                .Where(name => int.TryParse(name, CultureInfo.InvariantCulture, out _) && IsHelperOf(name, agent))
                .Select(name => int.Parse(name, CultureInfo.InvariantCulture))
                .FirstOrDefault()) != 0,
            () => "the agent has started no helper");
        return found;
    }

    // PID (NAME) STATE PARENT; the name is cut to 15 letters.
    private static bool IsHelperOf(string process, int agent)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{process}/stat");
            return stat.Contains("(ssh-sk-helper)", StringComparison.Ordinal)
                && stat.Split(' ')[3] == agent.ToString(CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return false; // It has ended.
        }
    }
}
