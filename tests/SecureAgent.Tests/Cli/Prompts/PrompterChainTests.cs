using SecureAgent.Cli.Prompts;
using SecureAgent.Core;

namespace SecureAgent.Tests.Cli.Prompts;

public sealed class PrompterChainTests
{
    private readonly PlainMemory _memory = new();

    /// <summary>SSH_ASKPASS_REQUIRE, whether askpass and terminal can be used, whether the terminal comes first; who is
    /// asked.</summary>
    [Theory]
    [InlineData("Unset", true, true, false, "askpass")]
    [InlineData("Unset", true, true, true, "terminal")]
    [InlineData("Unset", true, false, true, "askpass")]
    [InlineData("Unset", false, true, false, "terminal")]
    [InlineData("Unset", false, false, true, null)]
    [InlineData("Prefer", true, true, true, "askpass")]
    [InlineData("Prefer", false, true, true, "terminal")]
    [InlineData("Force", true, true, true, "askpass")]
    [InlineData("Force", false, true, true, null)]
    [InlineData("Never", false, true, false, "terminal")]
    [InlineData("Never", false, false, false, null)]
    public async Task It_asks_where_SSH_ASKPASS_REQUIRE_says(
        string requirement, bool hasAskpass, bool hasTerminal, bool terminalFirst, string? asked)
    {
        Surface askpass = new(_memory, hasAskpass ? null : "no askpass here");
        Surface terminal = new(_memory, hasTerminal ? null : "no terminal here");
        PrompterChain chain = new(
            Enum.Parse<AskpassRequirement>(requirement), askpass, terminal, terminalFirst, TimeSpan.FromMinutes(1), TimeProvider.System);

        if (asked is null)
        {
            BackendException nobody = await Assert.ThrowsAsync<BackendException>(() => AskAsync(chain));
            Assert.Equal(BackendFailure.PinRequired, nobody.Failure);
            Assert.Contains("no askpass here", nobody.Message, StringComparison.Ordinal);
            Assert.Contains("SSH_ASKPASS", nobody.Message, StringComparison.Ordinal);
        }
        else
        {
            using Secret? answer = await AskAsync(chain);
            Assert.NotNull(answer);
        }

        Assert.Equal(asked == "askpass" ? 1 : 0, askpass.Questions.Count);
        Assert.Equal(asked == "terminal" ? 1 : 0, terminal.Questions.Count);
    }

    /// <summary>SSH_ASKPASS_REQUIRE, whether askpass, dialog and terminal can be used, whether the terminal comes first;
    /// who is asked.</summary>
    [Theory]
    [InlineData("Unset", true, true, true, false, "askpass")]
    [InlineData("Unset", false, true, true, false, "dialog")]
    [InlineData("Unset", false, false, true, false, "terminal")]
    [InlineData("Unset", false, true, true, true, "terminal")]
    [InlineData("Unset", false, true, false, true, "dialog")]
    [InlineData("Prefer", true, true, true, true, "askpass")]
    [InlineData("Never", false, true, false, false, "dialog")]
    [InlineData("Force", false, true, true, false, null)]
    public async Task The_agents_own_dialog_comes_after_askpass_and_for_the_agent_before_the_terminal(
        string requirement, bool hasAskpass, bool hasDialog, bool hasTerminal, bool terminalFirst, string? asked)
    {
        Dictionary<string, Surface> surfaces = new()
        {
            ["askpass"] = new Surface(_memory, hasAskpass ? null : "no askpass here"),
            ["dialog"] = new Surface(_memory, hasDialog ? null : "no desktop here"),
            ["terminal"] = new Surface(_memory, hasTerminal ? null : "no terminal here"),
        };
        PrompterChain chain = new(
            Enum.Parse<AskpassRequirement>(requirement), surfaces["askpass"], surfaces["terminal"], terminalFirst,
            TimeSpan.FromMinutes(1), TimeProvider.System)
        {
            Dialog = surfaces["dialog"],
        };
        if (asked is null)
        {
            await Assert.ThrowsAsync<BackendException>(() => AskAsync(chain));
        }
        else
        {
            using Secret? answer = await AskAsync(chain);
        }

        Assert.Equal(
            asked is null ? [] : [asked],
            surfaces.Where(surface => surface.Value.Questions.Count > 0).Select(surface => surface.Key));
    }

    [Fact]
    public void Nobody_to_ask_is_told_with_the_reason_of_each_way()
    {
        PrompterChain chain = new(
            AskpassRequirement.Unset, new Surface(_memory, "no askpass here"), new Surface(_memory, "no terminal here"),
            terminalFirst: false, TimeSpan.FromMinutes(1), TimeProvider.System)
        {
            Dialog = new Surface(_memory, "no desktop here"),
        };
        Assert.Equal(
            "no askpass here, and no desktop here, and no terminal here", chain.Unavailable(new PeerInfo("test")));
    }

    [Fact]
    public async Task A_question_that_nobody_answers_in_time_is_a_no()
    {
        Surface silent = new(_memory, null) { Answers = false };
        PrompterChain chain = new(
            AskpassRequirement.Force, silent, silent, false, TimeSpan.FromMilliseconds(50), TimeProvider.System);
        Assert.Null(await AskAsync(chain));
        Assert.False(await chain.ConfirmAsync("Allow?", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_question_whose_asker_has_gone_is_cancelled_and_not_answered()
    {
        Surface silent = new(_memory, null) { Answers = false };
        PrompterChain chain = new(
            AskpassRequirement.Force, silent, silent, false, TimeSpan.FromMinutes(10), TimeProvider.System);
        using CancellationTokenSource gone = new();
        Task<Secret?> asking = chain.ReadSecretAsync("PIN", gone.Token).AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    private static async Task<Secret?> AskAsync(PrompterChain chain) =>
        await chain.ReadPinAsync(new PinPrompt("k", "TPM", null, null, false), TestContext.Current.CancellationToken);

    private sealed class Surface(ISecretMemory memory, string? unavailable) : IPromptSurface
    {
        public List<string> Questions { get; } = [];

        public bool Answers { get; init; } = true;

        public string? Unavailable(int? asker) => unavailable;

        public async ValueTask<Secret?> ReadSecretAsync(string text, CancellationToken ct)
        {
            Questions.Add(text);
            await AnswerAsync(ct);
            return memory.Allocate(1);
        }

        public async ValueTask<bool> ConfirmAsync(string text, CancellationToken ct)
        {
            Questions.Add(text);
            await AnswerAsync(ct);
            return true;
        }

        public IDisposable Show(string text) => throw new InvalidOperationException();

        private Task AnswerAsync(CancellationToken ct) =>
            Answers ? Task.CompletedTask : Task.Delay(Timeout.InfiniteTimeSpan, ct);
    }
}
