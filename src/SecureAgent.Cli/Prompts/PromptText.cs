using System.Text;
using SecureAgent.Cli.Output;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Cli.Prompts;

/// <summary>The wording of every prompt. Whatever the agent did not write itself is escaped, cut and quoted.</summary>
internal static class PromptText
{
    private const int NameCharacters = 64;
    private const int ProcessCharacters = 32;
    private const int PurposeCharacters = 160;
    private const int MaxProcesses = 5;

    /// <summary>Asks for a PIN.</summary>
    public static string Pin(PinPrompt prompt)
    {
        StringBuilder text = new();
        string what = prompt.IsPassword ? "password" : "PIN";
        if (prompt.PreviousWasWrong)
        {
            text.Append("The ").Append(what).Append(" was wrong. ");
        }

        text.Append(prompt.IsPassword ? "Password of " : "PIN for key ")
            .Append(SafeText.Quote(prompt.KeyName, NameCharacters))
            .Append(" in ").Append(SafeText.Escape(prompt.Device, NameCharacters));
        if (prompt.TriesLeft is int tries)
        {
            text.Append(tries == 1 ? " (last try before it locks)" : $" ({tries} tries left)");
        }

        AppendWho(text, prompt.Who);
        return text.ToString();
    }

    /// <summary>Asks whether a key may be used.</summary>
    public static string Confirm(ConfirmPrompt prompt)
    {
        StringBuilder text = new();
        text.Append("Allow the use of key ").Append(SafeText.Quote(prompt.Who.KeyName, NameCharacters)).Append('?');
        AppendWho(text, prompt.Who);
        return text.ToString();
    }

    /// <summary>Says that a device waits for a touch.</summary>
    public static string Touch(TouchPrompt prompt)
    {
        StringBuilder text = new();
        text.Append("Touch the device to use key ").Append(SafeText.Quote(prompt.Who.KeyName, NameCharacters));
        AppendWho(text, prompt.Who);
        return text.ToString();
    }

    /// <summary>The process chain, nearest first: <c>ssh(1234) ← git ← zsh</c>.</summary>
    public static string Processes(PeerInfo peer)
    {
        IReadOnlyList<PeerProcess> chain = peer.Processes;
        if (chain.Count == 0)
        {
            return peer.ProcessId is int id ? $"process {id}" : "an unknown process";
        }

        return Chain(chain[0].ProcessId, [.. chain.Select(process => process.ImagePath)]);
    }

    /// <summary>Whom a relay says it speaks for: <c>wsl2 (claimed): ssh(1234) ← bash</c>.</summary>
    public static string Claim(ClaimedPeer claimed)
    {
        string who = claimed.Processes.Count == 0
            ? "an unknown process"
            : Chain(claimed.Processes[0].ProcessId, [.. claimed.Processes.Select(process => process.Image)]);
        return $"{SafeText.Escape(claimed.Channel, ProcessCharacters)} (claimed): {who}";
    }

    private static string Chain(long id, IReadOnlyList<string> images)
    {
        StringBuilder text = new();
        text.Append(ImageName(images[0])).Append('(').Append(id).Append(')');
        foreach (string image in images.Skip(1).Take(MaxProcesses - 1))
        {
            text.Append(" ← ").Append(ImageName(image));
        }

        return text.Append(images.Count > MaxProcesses ? " ← …" : "").ToString();
    }

    private static void AppendWho(StringBuilder text, SignContext? who)
    {
        if (who is not null)
        {
            text.Append("\nasked by ").Append(Processes(who.Peer));
            if (who.Peer.Claimed is ClaimedPeer claimed)
            {
                text.Append("\nfor ").Append(Claim(claimed));
            }

            text.Append("\npurpose: ").Append(SafeText.Escape(who.Purpose, PurposeCharacters));
        }
    }

    // A path may come from Windows or Linux, whatever this is running on.
    private static string ImageName(string image) =>
        SafeText.Escape(image[(image.LastIndexOfAny(['/', '\\']) + 1)..], ProcessCharacters);
}
