namespace SecureAgent.Tests.EndToEnd;

/// <summary>Keys added with <c>ssh-add -c</c>.</summary>
[Collection(DropInWorlds.Name)]
public sealed class ConfirmationTests : IDisposable
{
    private const int Signers = 8;

    private readonly KeyFiles _keys;
    private readonly Home _home = new();

    public ConfirmationTests(KeyFiles keys)
    {
        _keys = keys;
        _home.Askpass.Pin = "yes"; // As ssh-agent(1) understands it.
    }

    public void Dispose() => _home.Dispose();

    [Fact]
    [Trait("Promise", "confirm")]
    public async Task A_key_is_used_if_the_person_says_yes_and_not_if_they_say_no()
    {
        string file = await _keys.NamedAsync("to-confirm");
        string alone = _keys.Alone(file);
        await using AgentPair agents = await AgentPair.StartAsync(_home);
        Assert.Equal(0, (await agents.SshAddAsync("-c", "-q", file)).ExitCode);

        (await agents.Ours.Client.SignAsync(alone, "a message")).Succeeded();
        string question = Assert.Single(_home.Askpass.Prompts);
        Assert.Contains("to-confirm", question, StringComparison.Ordinal);
        Assert.Contains("ssh-keygen", question, StringComparison.Ordinal);

        _home.Askpass.AnswerFirst("");
        Ran refused = await agents.Ours.Client.SignAsync(alone, "a message");
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Equal("", refused.Output);
        Assert.Equal(2, _home.Askpass.Prompts.Count);
    }

    [Fact]
    [Trait("Promise", "confirm")]
    public async Task Signatures_of_one_shell_that_come_while_the_question_is_open_need_one_answer()
    {
        string file = await _keys.NamedAsync("to-confirm");
        string alone = _keys.Alone(file);
        await using DropInAgent agent = await DropInAgent.StartAsync(AgentSide.DropIn, _home);
        (await agent.Client.SshAddAsync("-c", "-q", file)).Succeeded();
        await _home.Askpass.CloseGateAsync();
        string keygen = Requires.Tool("ssh-keygen");
        string script = $"for i in $(seq {Signers}); do echo \"message $i\" | {keygen} -Y sign -q -n file -f '{alone}' "
            + $"> '{_home.File("tmp")}'/$i.sig & done; wait";
        Task<Ran> shell = new Command(_home.WithAgent(agent.Socket), "sh", "-c", script).RunAsync();

        // ssh-keygen opens one connection to look for the key and sign, and asks as soon as it is open.
        await _home.Askpass.AskedAsync(1);
        await Deadline.UntilAsync(() => Connections(agent.Socket) >= Signers, () => "not all signers are there");
        await agent.Client.SshAddAsync("-l");
        await _home.Askpass.OpenGateAsync();

        (await shell).Succeeded();
        Assert.InRange(_home.Askpass.Prompts.Count, 1, 2); // Two, if the last one asked a moment after the answer.
        for (int i = 1; i <= Signers; i++)
        {
            string signature = File.ReadAllText(_home.File($"tmp/{i}.sig"));
            (await agent.Client.VerifyAsync(alone, $"message {i}\n", signature)).Succeeded();
        }
    }

    /// <summary>How many clients are connected; proc(5): state 03 is connected.</summary>
    private static int Connections(string socket) => File.ReadAllLines("/proc/net/unix")
        .Count(line => line.EndsWith(socket, StringComparison.Ordinal) && line.Split(' ')[5] == "03");
}
