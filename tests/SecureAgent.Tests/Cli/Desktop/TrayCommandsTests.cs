using System.Text;
using SecureAgent.Cli.Desktop;
using SecureAgent.Cli.Prompts;
using SecureAgent.Core;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Cli.Desktop;

public sealed class TrayCommandsTests
{
    [Theory]
    [InlineData("secret", "secret", true, "The agent is locked.")]
    [InlineData("secret", "Secret", false, "The passphrases differ. The agent is not locked.")]
    [InlineData("secret", null, false, null)]
    [InlineData(null, null, false, null)]
    public async Task The_agent_is_locked_with_a_passphrase_typed_twice(
        string? first, string? second, bool isLocked, string? said)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Wine 8 cannot derive the key; UserDesktopTests does it.");
        PlainMemory memory = new();
        Answers answers = new(memory, first, second);
        using TestAgent agent = new(new TestBackend("test"));
        PrompterChain chain = new(
            AskpassRequirement.Force, answers, answers, false, TimeSpan.FromMinutes(1), TimeProvider.System);
        using TrayCommands commands = new(agent.Agent, chain);
        List<string> told = [];
        await commands.Start(TrayCommand.Lock, told.Add);
        Assert.Equal(isLocked, agent.Agent.Status.IsLocked);
        Assert.Equal(said is null ? [] : [said], told);
        Assert.Equal(0, memory.Outstanding);
    }

    /// <summary>Answers one question after the other.</summary>
    private sealed class Answers(PlainMemory memory, params string?[] texts) : IPromptSurface
    {
        private readonly Queue<string?> _texts = new(texts);

        public string? Unavailable(int? asker) => null;

        public ValueTask<Secret?> ReadSecretAsync(string text, CancellationToken ct)
        {
            if (_texts.Dequeue() is not string answer)
            {
                return new ValueTask<Secret?>((Secret?)null);
            }

            Secret secret = memory.Allocate(answer.Length);
            Encoding.UTF8.GetBytes(answer, secret.Span);
            return new ValueTask<Secret?>(secret);
        }

        public ValueTask<bool> ConfirmAsync(string text, CancellationToken ct) => throw new InvalidOperationException();

        public IDisposable Show(string text) => throw new InvalidOperationException();
    }
}
