namespace SecureAgent.Tests.EndToEnd;

/// <summary>A person at an askpass: a script that writes down each question and answers it from files, one file for
/// PINs
/// and one for passphrases.</summary>
internal sealed class Askpass
{
    private readonly string _directory;
    private readonly string _script;

    public Askpass(string directory)
    {
        _directory = directory;
        _script = Path.Combine(directory, "askpass");
        Passphrase = "correct horse battery staple";
        Pin = "271828";
        File.WriteAllText(PromptsFile, "");

        // Questions are separated by a NUL, because a question may have several lines. A gate is a FIFO: reading it
        // waits
        // until the test opens it, so the person thinks for exactly as long as the test wants.
        OwnerOnly.Program(_script, $"""
            #!/bin/sh
            cd '{directory}' || exit 1
            printf '%s\0' "$1" >> prompts
            if [ "$SSH_ASKPASS_PROMPT" = none ]; then exit 0; fi
            if [ -p gate ]; then cat gate > /dev/null; fi
            case "$1" in
              *assphrase*|*assword*|Again:*) cat passphrase ;;
              *)
                if [ -s first ]; then answer=$(head -n 1 first); sed -i 1d first; else answer=$(cat pin); fi
                [ -n "$answer" ] || exit 1
                printf '%s\n' "$answer" ;;
            esac

            """);
    }

    /// <summary>What the person answers where a PIN is asked for.</summary>
    public string Pin
    {
        get => File.ReadAllText(Path.Combine(_directory, "pin")).TrimEnd('\n');
        set => File.WriteAllText(Path.Combine(_directory, "pin"), value + "\n");
    }

    /// <summary>What the person answers where a passphrase or password is asked for.</summary>
    public string Passphrase
    {
        get => File.ReadAllText(Path.Combine(_directory, "passphrase")).TrimEnd('\n');
        set => File.WriteAllText(Path.Combine(_directory, "passphrase"), value + "\n");
    }

    /// <summary>Every question so far.</summary>
    public IReadOnlyList<string> Prompts =>
        File.ReadAllText(PromptsFile).Split('\0', StringSplitOptions.RemoveEmptyEntries);

    private string PromptsFile => Path.Combine(_directory, "prompts");

    private string GateFile => Path.Combine(_directory, "gate");

    /// <summary>Lets programs started with <paramref name="environment"/> ask this person, terminal or not.</summary>
    public void Configure(Dictionary<string, string> environment)
    {
        environment["SSH_ASKPASS"] = _script;
        environment["SSH_ASKPASS_REQUIRE"] = "force";
    }

    /// <summary>What the person answers to the next questions for a PIN, before <see cref="Pin"/> again; an empty
    /// answer
    /// dismisses the question.</summary>
    public void AnswerFirst(params string[] pins) =>
        File.WriteAllText(Path.Combine(_directory, "first"), string.Concat(pins.Select(pin => pin + "\n")));

    /// <summary>From now on the person answers only after <see cref="OpenGateAsync"/>.</summary>
    public async Task CloseGateAsync()
    {
        Ran ran = await new Command(new Dictionary<string, string>(), "mkfifo", GateFile).RunAsync();
        ran.Succeeded();
    }

    /// <summary>The person answers what is asked now, and at once what is asked later.</summary>
    public async Task OpenGateAsync()
    {
        // Opening a FIFO for writing waits for its reader, which is the askpass that shows the question.
        await Task.Run(() => File.WriteAllText(GateFile, "")).WaitAsync(Deadline.Span);
        File.Delete(GateFile);
    }

    /// <summary>The person answers at once what is asked later; what is asked now may have been withdrawn.</summary>
    public void RemoveGate()
    {
        // Opened for both, a FIFO does not wait for anybody; a reader that is still there then sees its end.
        new FileStream(GateFile, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite).Dispose();
        File.Delete(GateFile);
    }

    /// <summary>Waits until there were at least <paramref name="count"/> questions.</summary>
    public Task AskedAsync(int count) =>
        Deadline.UntilAsync(() => Prompts.Count >= count, () => $"{Prompts.Count} of {count} questions were asked");
}
