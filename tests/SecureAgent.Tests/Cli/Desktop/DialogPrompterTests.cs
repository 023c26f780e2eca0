using System.Runtime.Versioning;
using System.Text;
using SecureAgent.Cli.Desktop;
using SecureAgent.Cli.Prompts;
using SecureAgent.Core;

namespace SecureAgent.Tests.Cli.Desktop;

/// <summary>Real dialogs, answered as a person answers them.</summary>
[Collection("screen")]
[SupportedOSPlatform("windows")]
public sealed class DialogPrompterTests
{
    private const int Enter = 0x0D;
    private const int Escape = 0x1B;
    private const int Tab = 0x09;

    private readonly PlainMemory _memory = new();

    public DialogPrompterTests() => Requires.Windows("windows");

    private DialogPrompter Prompter => new(_memory);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("1234", true)]
    [InlineData("1234", false)]
    [InlineData("pä ß€", false)]
    public async Task What_is_typed_comes_back_in_UTF_8_by_OK_and_by_Enter(string typed, bool byClick)
    {
        Task<Secret?> asking = Prompter.ReadSecretAsync("PIN for key \"work\" in TPM", Ct).AsTask();
        nint dialog = await Screen.FindAsync(DialogPrompter.SecretTitle);
        Assert.True(Screen.IsTopmost(dialog));
        Assert.Equal("PIN for key \"work\" in TPM", Screen.Label(dialog));
        await Screen.TypeAsync(dialog, typed);
        if (byClick)
        {
            Screen.Click(dialog, User32.IDOK);
        }
        else
        {
            Screen.Press(dialog, Enter);
        }

        using (Secret? answer = await asking)
        {
            Assert.Equal(typed, Encoding.UTF8.GetString(answer!.Span));
        }

        Assert.False(Screen.IsThere(dialog));
        Assert.Equal(0, _memory.Outstanding);
    }

    [Theory]
    [InlineData("cancel")]
    [InlineData("escape")]
    [InlineData("close")]
    [InlineData("ok with nothing typed")]
    public async Task Without_an_answer_there_is_none(string how)
    {
        Task<Secret?> asking = Prompter.ReadSecretAsync("PIN", Ct).AsTask();
        nint dialog = await Screen.FindAsync(DialogPrompter.SecretTitle);
        if (how.StartsWith("ok", StringComparison.Ordinal))
        {
            Screen.Click(dialog, User32.IDOK);
        }
        else
        {
            await Screen.TypeAsync(dialog, "1234");
            switch (how)
            {
                case "cancel":
                    Screen.Click(dialog, User32.IDCANCEL);
                    break;
                case "escape":
                    Screen.Press(dialog, Escape);
                    break;
                default:
                    _ = User32.PostMessageW(dialog, User32.WM_CLOSE, 0, 0);
                    break;
            }
        }

        Assert.Null(await asking);
        Assert.Equal(0, _memory.Outstanding);
    }

    [Fact]
    public async Task Enter_denies_what_nobody_chose_to_allow()
    {
        Task<bool> asking = Prompter.ConfirmAsync("Allow the use of key \"work\"?", Ct).AsTask();
        nint dialog = await Screen.FindAsync(DialogPrompter.ConfirmTitle);
        await Screen.UntilAsync(() => Screen.FocusedId(dialog) == User32.IDCANCEL);
        Screen.Press(dialog, Enter);
        Assert.False(await asking);
    }

    [Theory]
    [InlineData("click", true)]
    [InlineData("tab and enter", true)]
    [InlineData("escape", false)]
    [InlineData("deny", false)]
    [InlineData("close", false)]
    public async Task Only_Allow_allows(string how, bool allowed)
    {
        Task<bool> asking = Prompter.ConfirmAsync("Allow?", Ct).AsTask();
        nint dialog = await Screen.FindAsync(DialogPrompter.ConfirmTitle);
        await Screen.UntilAsync(() => Screen.FocusedId(dialog) == User32.IDCANCEL);
        switch (how)
        {
            case "click":
                Screen.Click(dialog, User32.IDOK);
                break;
            case "tab and enter":
                Screen.Press(dialog, Tab);
                await Screen.UntilAsync(() => Screen.FocusedId(dialog) == User32.IDOK);
                Screen.Press(dialog, Enter);
                break;
            case "escape":
                Screen.Press(dialog, Escape);
                break;
            case "deny":
                Screen.Click(dialog, User32.IDCANCEL);
                break;
            default:
                _ = User32.PostMessageW(dialog, User32.WM_CLOSE, 0, 0);
                break;
        }

        Assert.Equal(allowed, await asking);
    }

    [Fact]
    public async Task Several_questions_stand_at_the_same_time_and_are_answered_in_any_order()
    {
        Task<Secret?> first = Prompter.ReadSecretAsync("first", Ct).AsTask();
        nint firstDialog = await Screen.FindAsync(DialogPrompter.SecretTitle);
        Task<Secret?> second = Prompter.ReadSecretAsync("second", Ct).AsTask();
        nint secondDialog = await Screen.FindAsync(DialogPrompter.SecretTitle, firstDialog);
        Task<bool> third = Prompter.ConfirmAsync("third", Ct).AsTask();
        nint thirdDialog = await Screen.FindAsync(DialogPrompter.ConfirmTitle);

        await Screen.TypeAsync(secondDialog, "2");
        Screen.Click(secondDialog, User32.IDOK);
        using (Secret? answer = await second)
        {
            Assert.Equal("2"u8, answer!.Span);
        }

        Assert.False(first.IsCompleted || third.IsCompleted);
        Screen.Click(thirdDialog, User32.IDOK);
        Assert.True(await third);
        await Screen.TypeAsync(firstDialog, "1");
        Screen.Click(firstDialog, User32.IDOK);
        using (Secret? answer = await first)
        {
            Assert.Equal("1"u8, answer!.Span);
        }
    }

    [Fact]
    public async Task A_question_whose_asker_has_gone_goes_away()
    {
        using CancellationTokenSource gone = new();
        Task<Secret?> asking = Prompter.ReadSecretAsync("PIN", gone.Token).AsTask();
        nint dialog = await Screen.FindAsync(DialogPrompter.SecretTitle);
        await Screen.TypeAsync(dialog, "12");
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        Assert.False(Screen.IsThere(dialog));
        Assert.Equal(0, _memory.Outstanding);
    }

    [Fact]
    public async Task An_asker_who_goes_before_the_dialog_is_there_leaves_none()
    {
        for (int i = 0; i < 5; i++)
        {
            using CancellationTokenSource gone = new();
            Task<bool> asking = Prompter.ConfirmAsync("Allow?", gone.Token).AsTask();
            await gone.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        }

        Assert.Empty(Screen.Windows("SecureAgent", DialogPrompter.ConfirmTitle));
    }

    [Fact]
    public async Task The_deadline_closes_the_dialog()
    {
        PrompterChain chain = new(
            AskpassRequirement.Never, new Nobody(), new Nobody(), false, TimeSpan.FromSeconds(1), TimeProvider.System)
        {
            Dialog = Prompter,
        };
        Task<Secret?> asking = chain.ReadSecretAsync("PIN", Ct).AsTask();
        nint dialog = await Screen.FindAsync(DialogPrompter.SecretTitle);
        Assert.Null(await asking);
        Assert.False(Screen.IsThere(dialog));
    }

    [Fact]
    public void Nothing_typed_stays_in_the_control()
    {
        PinField field = new(_memory);
        nint edit = User32.CreateWindowExW(0, "EDIT", "1234", User32.ES_PASSWORD, 0, 0, 9, 9, 0, 0, 0, 0);
        Assert.NotEqual(0, edit);
        field.Attach(edit);
        field.Read(keep: true);
        Assert.Equal(0, User32.GetWindowTextLengthW(edit));
        const uint EM_CANUNDO = 0x00C6;
        Assert.Equal(0, User32.SendMessageW(edit, EM_CANUNDO, 0, 0));
        using (Secret? answer = field.Take())
        {
            Assert.Equal("1234"u8, answer!.Span);
        }

        Assert.Null(field.Take());
        _ = User32.DestroyWindow(edit);
    }

    [Fact]
    public async Task A_notice_stands_above_all_without_taking_the_keyboard_until_it_is_over()
    {
        nint before = User32.GetForegroundWindow();
        IDisposable notice = Prompter.Show("Touch the device to use key \"work\"\nasked by ssh(12)");
        nint window = await Screen.FindAsync(DialogPrompter.NoticeTitle);
        Assert.True(Screen.IsTopmost(window));
        Assert.Equal(before, User32.GetForegroundWindow());
        Assert.StartsWith("Touch the device", Screen.Label(window), StringComparison.Ordinal);
        notice.Dispose();
        await Screen.UntilAsync(() => !Screen.IsThere(window));
    }

    [Fact]
    public void Somebody_sees_the_desktop_of_this_test() => Assert.Null(Prompter.Unavailable(null));

    private sealed class Nobody : IPromptSurface
    {
        public string? Unavailable(int? asker) => "nobody";

        public ValueTask<Secret?> ReadSecretAsync(string text, CancellationToken ct) =>
            throw new InvalidOperationException();

        public ValueTask<bool> ConfirmAsync(string text, CancellationToken ct) => throw new InvalidOperationException();

        public IDisposable Show(string text) => throw new InvalidOperationException();
    }
}
