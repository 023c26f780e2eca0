using System.Diagnostics;
using System.Text;

namespace SecureAgent.Tests.Cli.Prompts;

/// <summary>The built program at a terminal of its own, which script(1) makes.</summary>
public sealed class TerminalPrompterTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private readonly TestSurroundings _surroundings = new();

    public void Dispose() => _surroundings.Dispose();

    [Fact]
    public async Task A_PIN_typed_at_the_terminal_is_not_shown_and_the_echo_comes_back()
    {
        await using Terminal terminal = Start("key new work --in tpm --pin --tpm swtpm:path=/nowhere/tpm.sock");
        await terminal.WaitForAsync("New PIN for key \"work\" in TPM: ");
        await terminal.TypeAsync("7391x\u007f6\n");
        await terminal.WaitForAsync("once more: ");
        await terminal.TypeAsync("wrong\u001573916\n");
        // Both were the same, so that the TPM is looked for, which is not there.
        string screen = await terminal.WaitForAsync("rc=69");
        Assert.DoesNotContain("7391", screen, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", screen, StringComparison.Ordinal);
        Assert.Contains("/nowhere/tpm.sock", screen, StringComparison.Ordinal);
        await terminal.WaitForAsync("stty: isig icanon echo ");
    }

    [Fact]
    public async Task Two_different_PINs_are_asked_for_again()
    {
        await using Terminal terminal = Start("key new work --in tpm --pin --tpm swtpm:path=/nowhere/tpm.sock");
        await terminal.WaitForAsync("in TPM: ");
        await terminal.TypeAsync("1111\n");
        await terminal.WaitForAsync("once more: ");
        await terminal.TypeAsync("2222\n");
        await terminal.WaitForAsync("The two were different. New PIN");
    }

    [Fact]
    public async Task Ctrl_C_at_the_prompt_ends_the_command_with_130_and_the_echo_comes_back()
    {
        await using Terminal terminal = Start("key new work --in tpm --pin");
        await terminal.WaitForAsync("in TPM: ");
        await terminal.TypeAsync("12\u0003");
        await terminal.WaitForAsync("rc=130");
        await terminal.WaitForAsync("stty: isig icanon echo ");
    }

    [Fact]
    public async Task A_terminated_prompt_gives_the_echo_back()
    {
        await using Terminal terminal = Start("key new work --in tpm --pin");
        await terminal.WaitForAsync("in TPM: ");
        string pid = File.ReadAllText(Path.Combine(_surroundings.Home, "pid")).Trim();
        using Process kill = Process.Start("kill", ["-TERM", pid]);
        await terminal.WaitForAsync("rc=143");
        await terminal.WaitForAsync("stty: isig icanon echo ");
    }

    [Fact]
    public async Task A_background_job_does_not_take_the_terminal()
    {
        await using Terminal terminal = Start("key new work --in tpm --pin & wait $!", jobControl: true);
        await terminal.WaitForAsync("another job has the terminal");
        await terminal.WaitForAsync("rc=77");
    }

    [Fact]
    public async Task Removing_a_key_asks_and_takes_only_yes()
    {
        _surroundings.Write("keys/work.tpm", "not a key");
        await using Terminal terminal = Start("key remove work");
        await terminal.WaitForAsync("Remove key \"work\" for good?");
        await terminal.TypeAsync("y\n");
        await terminal.WaitForAsync("rc=1");
        Assert.True(File.Exists(Path.Combine(_surroundings.Home, "keys/work.tpm")));
    }

    [Fact]
    public async Task The_agent_of_a_shell_asks_on_its_terminal_for_the_job_in_the_foreground()
    {
        Requires.Tool("ssh-add");
        _surroundings.Write(".config/secure-agent/config.json", "{ \"pinCache\": \"never\" }");
        // In a shell with job control, neither the agent nor the shell is in the foreground while ssh-add runs.
        await using Terminal terminal = Open(
            $"'{Path.Combine(AppContext.BaseDirectory, "hwsim")}' try -- sh -c 'set -m; secure-agent key new p --in tpm --pin; "
            + "ssh-add -T $SECUREAGENT_KEYDIRECTORY/p.pub; echo first=$?; ssh-add -T $SECUREAGENT_KEYDIRECTORY/p.pub; "
            + "echo second=$?'; ");
        await terminal.WaitForAsync("New PIN for key \"p\" in TPM: ");
        await terminal.TypeAsync("4711\n");
        await terminal.WaitForAsync("once more: ");
        await terminal.TypeAsync("4711\n");
        await terminal.WaitForAsync("asked by ssh-add(");
        await terminal.WaitForAsync(": ", "\npurpose: ");
        await terminal.TypeAsync("4711\n");
        await terminal.WaitForAsync("first=0");
        await terminal.WaitForAsync(": ", "first=0", "\npurpose: ");
        await terminal.TypeAsync("\u0003");
        await terminal.WaitForAsync("rc=");
        await terminal.WaitForAsync("stty: isig icanon echo ");
    }

    private Terminal Start(string command, bool jobControl = false)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "secure-agent");
        // An interactive shell gives each job a process group of its own; the trap keeps this shell alive on Ctrl-C.
        string jobs = jobControl ? "set -m; " : "";
        string start = _surroundings.Program(
            "start", $"echo $$ > '{_surroundings.Home}/pid'\nexec '{program}' \"$@\"\n");
        return Open($"{jobs}'{start}' {command}; ");
    }

    private Terminal Open(string command)
    {
        string script = Requires.Tool("script");
        string line = $"trap : INT; {command} echo rc=$?; "
            + "printf 'stty: '; stty -a | tr ' ' '\\n' | grep -E -x -e '-?(echo|icanon|isig);?' | tr '\\n' ' '; echo; exec cat";
        ProcessStartInfo terminal = new(script, ["-q", "-e", "-c", line, "/dev/null"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        terminal.Environment.Clear();
        terminal.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH");
        terminal.Environment["HOME"] = _surroundings.Home;
        terminal.Environment["PCSCLITE_CSOCK_NAME"] = _surroundings.NoPcscd;
        terminal.Environment["SHELL"] = "/bin/sh";
        terminal.Environment["TERM"] = "dumb";
        terminal.Environment["DOTNET_ROOT"] = Environment.GetEnvironmentVariable("DOTNET_ROOT");
        terminal.Environment["SECUREAGENT_KEYDIRECTORY"] = Path.Combine(_surroundings.Home, "keys");
        return new Terminal(Process.Start(terminal)!);
    }

    private sealed class Terminal(Process process) : IAsyncDisposable
    {
        private readonly StringBuilder _screen = new();

        /// <summary>Reads on until <paramref name="text"/> is on the screen, which is returned.</summary>
        public Task<string> WaitForAsync(string text, params string[] after) => WaitAsync(text, after);

        private async Task<string> WaitAsync(string text, string[] after)
        {
            using CancellationTokenSource deadline = new(Long);
            byte[] buffer = new byte[4096];
            while (!IsThere(text, after))
            {
                int read;
                try
                {
                    read = await process.StandardOutput.BaseStream.ReadAsync(buffer, deadline.Token)
                        .AsTask().WaitAsync(deadline.Token);
                }
                catch (OperationCanceledException)
                {
                    read = 0;
                }

                Assert.True(read > 0, $"\"{text}\" did not appear: {_screen}");
                _screen.Append(Encoding.UTF8.GetString(buffer, 0, read));
            }

            return _screen.ToString();
        }

        private bool IsThere(string text, string[] after)
        {
            string screen = _screen.ToString().ReplaceLineEndings("\n");
            int position = 0;
            foreach (string earlier in after)
            {
                position = screen.IndexOf(earlier, position, StringComparison.Ordinal);
                if (position < 0)
                {
                    return false;
                }

                position += earlier.Length;
            }

            return screen.IndexOf(text, position, StringComparison.Ordinal) >= 0;
        }

        public async Task TypeAsync(string keys)
        {
            await process.StandardInput.WriteAsync(keys);
            await process.StandardInput.FlushAsync();
        }

        public async ValueTask DisposeAsync()
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }
}
