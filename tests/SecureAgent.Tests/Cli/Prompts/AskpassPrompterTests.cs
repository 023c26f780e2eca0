using System.Diagnostics;
using System.Globalization;
using System.Text;
using SecureAgent.Cli.Prompts;
using SecureAgent.Core;

namespace SecureAgent.Tests.Cli.Prompts;

public sealed class AskpassPrompterTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private readonly TestSurroundings _surroundings = new();
    private readonly PlainMemory _memory = new();

    public AskpassPrompterTests()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The askpass programs of these tests are shell scripts.");
        _surroundings.Environment["PATH"] = "/usr/bin:/bin";
        _surroundings.Environment["DISPLAY"] = ":0";
    }

    public void Dispose() => _surroundings.Dispose();

    [Theory]
    [InlineData("printf '1234\\n'", "1234")]
    [InlineData("printf '1234'", "1234")]
    [InlineData("printf '1234\\r\\n'", "1234")]
    [InlineData("printf '12 34 \\nmore\\n'", "12 34 ")]
    [InlineData("printf 'p\\303\\244ss\\n'", "päss")]
    public async Task The_answer_is_the_first_line(string script, string answer) =>
        Assert.Equal(answer, await ReadAsync(script));

    [Theory]
    [InlineData("printf '1234\\n'; exit 1")]
    [InlineData("exit 1")]
    [InlineData("printf '\\n'")]
    [InlineData("kill -9 $$")]
    [InlineData(":")]
    public async Task No_success_or_no_answer_is_a_dismissal(string script) => Assert.Null(await ReadAsync(script));

    [Fact]
    public async Task The_question_is_the_only_argument_and_is_no_option_of_a_shell()
    {
        string seen = Path.Combine(_surroundings.Home, "seen");
        await ReadAsync(
            $"printf '%s|%s' \"$#\" \"$1\" > '{seen}'; env > '{seen}.env'; echo x", "PIN for \"$(id)\"\nasked by ssh");
        Assert.Equal("1|PIN for \"$(id)\"\nasked by ssh", File.ReadAllText(seen));
        Assert.DoesNotContain("SSH_ASKPASS_PROMPT", File.ReadAllText(seen + ".env"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("head -c 1000000 /dev/zero | tr '\\0' a")]
    [InlineData("head -c 1025 /dev/zero | tr '\\0' a")]
    [InlineData("while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done")]
    [InlineData("printf '\\377\\376\\n'")]
    public async Task An_answer_that_is_too_long_or_not_UTF_8_is_refused(string script)
    {
        BackendException refused = await Assert.ThrowsAsync<BackendException>(() => ReadAsync(script));
        Assert.Equal(BackendFailure.PinRequired, refused.Failure);
        Assert.Equal(0, _memory.Outstanding);
    }

    [Fact]
    public async Task An_answer_of_the_longest_length_is_taken() =>
        Assert.Equal(AskpassPrompter.MaxAnswerBytes, (await ReadAsync("head -c 1024 /dev/zero | tr '\\0' a"))?.Length);

    [Fact]
    public async Task A_program_that_never_answers_is_killed_with_its_children_when_the_question_is_cancelled()
    {
        string pids = Path.Combine(_surroundings.Home, "pids");
        AskpassPrompter askpass = Create($"sleep 600 & echo $! $$ > '{pids}.new'; mv '{pids}.new' '{pids}'; wait");
        using CancellationTokenSource cancelled = new();

        Task<Secret?> reading = askpass.ReadSecretAsync("PIN", cancelled.Token).AsTask();
        await UntilAsync(() => File.Exists(pids));
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(Long, TestContext.Current.CancellationToken));
        foreach (string pid in File.ReadAllText(pids).Split())
        {
            if (pid.Length > 0)
            {
                await UntilAsync(() => HasEnded(int.Parse(pid, CultureInfo.InvariantCulture)));
            }
        }
    }

    [Theory]
    [InlineData("exit 0", true)]
    [InlineData("echo yes", true)]
    [InlineData("echo YES", true)]
    [InlineData("echo no", false)]
    [InlineData("exit 1", false)]
    [InlineData("echo yes; exit 1", false)]
    public async Task A_confirmation_is_success_with_nothing_or_yes(string script, bool confirmed) =>
        Assert.Equal(confirmed, await Create(script).ConfirmAsync("Allow?", TestContext.Current.CancellationToken));

    [Fact]
    public async Task The_program_is_told_that_it_is_asked_to_confirm() => Assert.True(
        await Create("[ \"$SSH_ASKPASS_PROMPT\" = confirm ]")
            .ConfirmAsync("Allow?", TestContext.Current.CancellationToken));

    [Fact]
    public async Task A_notice_is_shown_with_its_own_kind_and_taken_away()
    {
        string seen = Path.Combine(_surroundings.Home, "seen");
        IDisposable notice =
            Create($"echo \"$SSH_ASKPASS_PROMPT $$\" > '{seen}.new'; mv '{seen}.new' '{seen}'; exec sleep 600")
            .Show("Touch");
        await UntilAsync(() => File.Exists(seen));
        string[] words = File.ReadAllText(seen).Split();
        Assert.Equal("none", words[0]);
        notice.Dispose();
        await UntilAsync(() => HasEnded(int.Parse(words[1], CultureInfo.InvariantCulture)));
    }

    [Theory]
    [InlineData(null, ":0", null, true)]
    [InlineData(null, null, "wayland-0", true)]
    [InlineData(null, null, null, false)]
    [InlineData("never", ":0", null, false)]
    [InlineData("prefer", null, null, false)]
    [InlineData("prefer", ":0", null, true)]
    [InlineData("force", null, null, true)]
    [InlineData("FORCE", null, null, true)]
    public void A_display_or_force_is_needed(string? require, string? display, string? wayland, bool available)
    {
        Set("SSH_ASKPASS_REQUIRE", require);
        Set("DISPLAY", display);
        Set("WAYLAND_DISPLAY", wayland);
        Assert.Equal(available, Create("exit 0").Unavailable() is null);
    }

    [Fact]
    public void A_program_that_is_not_there_is_named()
    {
        _surroundings.Environment["SSH_ASKPASS"] = "/nowhere/askpass";
        string? reason = new AskpassPrompter(_surroundings.Value, _memory).Unavailable();
        Assert.Contains("/nowhere/askpass", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_without_directory_is_looked_for_in_PATH_only()
    {
        string program = _surroundings.Program("bin/my-askpass", "exit 0");
        _surroundings.Environment["SSH_ASKPASS"] = "my-askpass";
        Assert.NotNull(new AskpassPrompter(_surroundings.Value, _memory).Unavailable());
        _surroundings.Environment["PATH"] = "relative:" + Path.GetDirectoryName(program);
        Assert.Null(new AskpassPrompter(_surroundings.Value, _memory).Unavailable());
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Long, "It did not happen in time.");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    private static bool HasEnded(int pid)
    {
        try
        {
            // A killed grandchild stays a zombie where nothing reaps it.
            return File.ReadAllText($"/proc/{pid}/stat").Split(')')[1].TrimStart().StartsWith('Z');
        }
        catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException or IOException)
        {
            return true;
        }
    }

    private void Set(string name, string? value)
    {
        _surroundings.Environment.Remove(name);
        if (value is not null)
        {
            _surroundings.Environment[name] = value;
        }
    }

    private AskpassPrompter Create(string script)
    {
        _surroundings.Environment["SSH_ASKPASS"] = _surroundings.Program("askpass", script + "\n");
        return new AskpassPrompter(_surroundings.Value, _memory);
    }

    private async Task<string?> ReadAsync(string script, string question = "PIN")
    {
        using Secret? answer = await Create(script).ReadSecretAsync(question, TestContext.Current.CancellationToken)
            .AsTask().WaitAsync(Long, TestContext.Current.CancellationToken);
        return answer is null ? null : Encoding.UTF8.GetString(answer.Span);
    }
}
