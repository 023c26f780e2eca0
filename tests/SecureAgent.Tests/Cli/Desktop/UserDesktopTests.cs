using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using SecureAgent.Cli.Configuration;
using SecureAgent.Cli.Desktop;
using SecureAgent.Cli.Hosting;
using SecureAgent.Cli.Prompts;
using SecureAgent.Core;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Cli.Desktop;

/// <summary>The real window and icon, sent the messages that Windows sends.</summary>
[Collection("screen")]
[SupportedOSPlatform("windows")]
public sealed class UserDesktopTests : IAsyncLifetime
{
    private const string MenuClass = "#32768";
    private const int Escape = 0x1B;

    private readonly TestSurroundings _surroundings = new();
    private readonly PlainMemory _memory = new();
    private readonly TestBackend _backend = new("test", TestKey.Ed25519().Identity("key0"));
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TestAgent? _agent;
    private UserDesktop? _desktop;
    private nint _window;

    public async ValueTask InitializeAsync()
    {
        Requires.Windows("windows");
        _agent = new TestAgent(_backend);
        Settings settings = SettingsReader.Read(
            _surroundings.Value, null, new Dictionary<string, (string Option, string Value)>());
        PrompterChain prompter = new(
            AskpassRequirement.Never, new DialogPrompter(_memory), new DialogPrompter(_memory), false,
            TimeSpan.FromMinutes(1), TimeProvider.System);
        _desktop = await UserDesktop.StartAsync(
            _agent.Agent,
            settings,
            new TrayCommands(_agent.Agent, prompter),
            new ObservedLog(_agent.Log),
            () => new TrayState(_agent.Agent.Status, [@"pipe: \\.\pipe\openssh-ssh-agent"], ["pageant: taken"]),
            () => _ended.TrySetResult());
        _window = Assert.Single(Screen.Windows("SecureAgent", UserDesktop.WindowTitle));
    }

    public ValueTask DisposeAsync()
    {
        _desktop?.Dispose();
        _agent?.Dispose();
        _surroundings.Dispose();
        return default;
    }

    [Fact]
    public async Task The_icon_opens_the_menu_which_goes_with_Escape()
    {
        _ = User32.PostMessageW(_window, UserDesktop.WM_TRAY, (200 << 16) | 300, (nint)User32.WM_CONTEXTMENU);
        nint menu = await Screen.FindAsync(MenuClass, null, []);
        // The menu's loop goes on handling what the agent tells.
        _desktop!.Notify("a key was used");
        Screen.Press(_window, Escape);
        await Screen.UntilAsync(() => !Screen.Windows(MenuClass, null).Contains(menu));
    }

    [Fact]
    public async Task Lock_and_unlock_ask_for_the_passphrase()
    {
        Assert.SkipUnless(
            NativeLibrary.TryGetExport(NativeLibrary.Load("bcrypt.dll"), "BCryptKeyDerivation", out _),
            "The lock derives a key by BCryptKeyDerivation, which Wine 8 has not.");
        await ChooseAsync(TrayCommand.Lock, "secret", "secret");
        await Screen.UntilAsync(() => _agent!.Agent.Status.IsLocked);
        Assert.Empty(await _agent!.ListAsync());
        Assert.Equal(1, _backend.Dropped);

        await ChooseAsync(TrayCommand.Unlock, "secret");
        await Screen.UntilAsync(() => !_agent.Agent.Status.IsLocked);
        Assert.Equal(0, _memory.Outstanding);
    }

    [Fact]
    public async Task Passphrases_that_differ_do_not_lock()
    {
        await ChooseAsync(TrayCommand.Lock, "secret", "Secret");
        await Screen.UntilAsync(() => _memory.Outstanding == 0);
        Assert.False(_agent!.Agent.Status.IsLocked);
    }

    [Fact]
    public async Task Keys_are_removed_when_that_is_allowed()
    {
        Choose(TrayCommand.RemoveAllKeys);
        nint dialog = await Screen.FindAsync(DialogPrompter.ConfirmTitle);
        Assert.Equal(["key0"], await _agent!.ListAsync());
        Screen.Click(dialog, User32.IDOK);
        await Screen.UntilAsync(() => _agent.Agent.Status.Identities == 0);
    }

    [Fact]
    public async Task Quit_and_a_polite_taskkill_end_the_agent()
    {
        Choose(TrayCommand.Quit);
        await _ended.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        // taskkill without /F posts it. The window stays until the agent has ended.
        _ = User32.SendMessageW(_window, User32.WM_CLOSE, 0, 0);
        Assert.True(Screen.IsThere(_window));
    }

    [Theory]
    [InlineData(SessionMessages.WM_WTSSESSION_CHANGE, 7)]
    [InlineData(SessionMessages.WM_POWERBROADCAST, 4)]
    public void Lock_and_sleep_drop_PINs_before_the_message_is_answered(uint message, int wParam)
    {
        _ = User32.SendMessageW(_window, message, wParam, 0);
        Assert.Equal(1, _backend.Dropped);
        Assert.False(_ended.Task.IsCompleted);
    }

    [Fact]
    public async Task The_session_ends_when_the_agent_has()
    {
        Assert.Equal(1, User32.SendMessageW(_window, SessionMessages.WM_QUERYENDSESSION, 0, 0));
        Assert.False(_ended.Task.IsCompleted);
        Task<nint> ending = Task.Run(() => User32.SendMessageW(_window, SessionMessages.WM_ENDSESSION, 1, 0));
        await _ended.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.False(ending.IsCompleted);
        _desktop!.Dispose();
        _desktop = null;
        await ending.WaitAsync(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
        Assert.False(Screen.IsThere(_window));
    }

    [Fact]
    public void A_new_taskbar_gets_the_icon_again()
    {
        uint created = User32.RegisterWindowMessageW("TaskbarCreated");
        Assert.Equal(0, User32.SendMessageW(_window, created, 0, 0));
        Assert.True(Screen.IsThere(_window));
    }

    private void Choose(TrayCommand command) =>
        Assert.True(User32.PostMessageW(_window, User32.WM_COMMAND, (nint)command, 0));

    private async Task ChooseAsync(TrayCommand command, params string[] passphrases)
    {
        // One choice is taken at a time; the one before has ended when its last question has been answered for.
        Choose(command);
        List<nint> asked = [];
        foreach (string passphrase in passphrases)
        {
            nint dialog = await Screen.FindAsync(DialogPrompter.SecretTitle, [.. asked]);
            asked.Add(dialog);
            await Screen.TypeAsync(dialog, passphrase);
            Screen.Click(dialog, User32.IDOK);
        }
    }
}
