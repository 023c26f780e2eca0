using SecureAgent.Cli.Prompts;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Cli.Prompts;

public sealed class PromptTextTests
{
    private static readonly PeerInfo Peer = new("unix")
    {
        ProcessId = 1234,
        ReadProcesses = () =>
            [new PeerProcess(1234, "/usr/bin/ssh"), new PeerProcess(1200, "/usr/bin/git"), new PeerProcess(900, "/bin/zsh")],
    };

    [Fact]
    public void A_PIN_prompt_names_key_device_tries_processes_and_purpose()
    {
        SignContext who = new(Peer, "work", "login as git to host key SHA256:abc");
        Assert.Equal(
            "PIN for key \"work\" in TPM (4 tries left)\nasked by ssh(1234) ← git ← zsh\npurpose: login as git to host key SHA256:abc",
            PromptText.Pin(new PinPrompt("work", "TPM", who, 4, PreviousWasWrong: false)));
    }

    [Fact]
    public void A_PIN_prompt_says_that_the_last_answer_was_wrong_and_that_the_next_may_lock() => Assert.Equal(
        "The PIN was wrong. PIN for key \"work\" in TPM (last try before it locks)",
        PromptText.Pin(new PinPrompt("work", "TPM", null, 1, PreviousWasWrong: true)));

    [Fact]
    public void A_password_of_the_device_is_not_called_a_PIN() => Assert.Equal(
        "Password of \"owner hierarchy\" in TPM",
        PromptText.Pin(new PinPrompt("owner hierarchy", "TPM", null, null, false) { IsPassword = true }));

    [Fact]
    public void A_confirmation_names_key_processes_and_purpose() => Assert.Equal(
        "Allow the use of key \"work\"?\nasked by ssh(1234) ← git ← zsh\npurpose: sign data",
        PromptText.Confirm(new ConfirmPrompt(new SignContext(Peer, "work", "sign data"))));

    [Fact]
    public void Whom_a_relay_claims_to_speak_for_is_said_to_be_claimed_and_cannot_add_lines()
    {
        PeerInfo relayed = Peer with
        {
            Claimed = new ClaimedPeer("wsl2\nfor root", 0,
                [new ClaimedProcess(7, "/usr/bin/ssh"), new ClaimedProcess(6, "/bin/ba\nsh")]),
        };
        Assert.Equal(
            "Allow the use of key \"work\"?\nasked by ssh(1234) ← git ← zsh"
                + "\nfor wsl2\\u{A}for root (claimed): ssh(7) ← ba\\u{A}sh\npurpose: sign data",
            PromptText.Confirm(new ConfirmPrompt(new SignContext(relayed, "work", "sign data"))));
    }

    [Fact]
    public void A_comment_cannot_add_lines_to_a_prompt()
    {
        SignContext who = new(Peer, "k", "x\nasked by root");
        string text = PromptText.Pin(new PinPrompt("k\" in TPM\nasked by login(1)", "TPM", who, null, false));
        Assert.Equal(3, text.Split('\n').Length);
        Assert.Contains("\"k\\\" in TPM\\u{A}asked by login(1)\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_prompt_stays_short_whatever_it_is_about()
    {
        string long10K = new('x', 10_000);
        PeerInfo peer = new("unix")
        {
            ReadProcesses = () => [.. Enumerable.Range(1, 100).Select(id => new PeerProcess(id, "/" + long10K))],
        };
        string text = PromptText.Pin(new PinPrompt(long10K, long10K, new SignContext(peer, long10K, long10K), 3, true));
        Assert.InRange(text.Length, 1, 700);
    }

    [Fact]
    public void The_name_of_an_executable_is_taken_from_a_path_of_either_system()
    {
        PeerInfo peer = new("unix") { ReadProcesses = () => [new PeerProcess(7, "C:\\Windows\\ssh.exe")] };
        Assert.Equal("ssh.exe(7)", PromptText.Processes(peer));
    }

    [Fact]
    public void A_peer_without_chain_is_named_by_its_number_or_as_unknown()
    {
        Assert.Equal("process 5", PromptText.Processes(new PeerInfo("unix") { ProcessId = 5 }));
        Assert.Equal("an unknown process", PromptText.Processes(new PeerInfo("relay")));
    }
}
