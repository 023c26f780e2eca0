using SecureAgent.Backends.Memory;
using SecureAgent.Backends.Pins;
using SecureAgent.Backends.Piv;
using SecureAgent.Backends.Pkcs11;
using SecureAgent.Backends.SecurityKey;
using SecureAgent.Backends.Software;
using SecureAgent.Backends.Tpm;
using SecureAgent.Cli.Audit;
using SecureAgent.Cli.Configuration;
using SecureAgent.Cli.Desktop;
using SecureAgent.Cli.Hosting;
using SecureAgent.Cli.Hosts;
using SecureAgent.Cli.Prompts;
using SecureAgent.Core;

namespace SecureAgent.Cli;

/// <summary>The one place that names the concrete parts of the program and puts them together.</summary>
internal sealed class Composition : IAsyncDisposable
{
    // A card with all its slots full is read in less.
    private static readonly TimeSpan CardPatience = TimeSpan.FromSeconds(3);

    private readonly Settings _settings;
    private readonly ServingOptions _serving;
    private readonly IAgentLog _log;
    private readonly TerminalPrompter _terminal;
    private readonly string _home;
    private readonly string? _securityKeyHelper;
    private readonly Func<ISmartCardReaders> _smartCardReaders;
    private TpmKeyBackend? _backend;
    private PivKeyBackend? _piv;
    private ISmartCardReaders? _readers;
    private TpmAccess? _tpm;
    private SoftwareKeys? _softwareKeys;
    private SecurityKeys? _securityKeys;
    private AuditLog? _audit;
    private SshAgent? _agent;

    private Composition(
        Settings settings, ServingOptions serving, Surroundings surroundings, IAgentLog log, bool terminalFirst)
    {
        (_settings, _serving, _log, _home) = (settings, serving, log, surroundings.HomeDirectory);
        _securityKeyHelper = surroundings.Variable("SSH_SK_HELPER");
        _smartCardReaders = surroundings.SmartCardReaders;
        Memory = new LockedMemory();
        AskpassPrompter askpass = new(surroundings, Memory);
        _terminal = new TerminalPrompter(Memory, surroundings.InputIsTerminal);
        Prompter = new PrompterChain(
            askpass.Requirement, askpass, _terminal, terminalFirst, settings.PromptTimeout, TimeProvider.System)
        {
            // A command asks nobody where its input is no person's.
            Dialog = OperatingSystem.IsWindows() && (!terminalFirst || surroundings.InputIsTerminal)
                ? new DialogPrompter(Memory) : null,
        };
        DevicePrompter = settings.OwnerPasswordFile is string file
            ? new PasswordFile(file, Memory, Prompter) : Prompter;
        Keys = new TpmKeyDirectory(settings.KeyDirectory, settings.PublicKeyDirectory, log, TimeProvider.System);
    }

    /// <summary>Where secrets are kept.</summary>
    public ISecretMemory Memory { get; }

    /// <summary>Asks the person.</summary>
    public PrompterChain Prompter { get; }

    /// <summary>Answers for devices: the file of the owner's password where there is one, else the person.</summary>
    public IPrompter DevicePrompter { get; }

    /// <summary>The key files.</summary>
    public TpmKeyDirectory Keys { get; }

    /// <summary>The TPM, opened at its first use.</summary>
    public TpmAccess Tpm => _tpm ??= CreateTpm();

    /// <summary>The PIV tokens, for commands; <see langword="null"/> where they are switched off.</summary>
    public PivTokens? Tokens => _settings.Piv
        ? new PivTokens(_readers ??= _smartCardReaders(), Memory, TimeProvider.System)
        : null;

    /// <summary>The public key files of keys on tokens.</summary>
    public PivPublicKeyFiles TokenKeyFiles => new(_settings.PublicKeyDirectory);

    /// <summary>Lets a running agent notice that keys on a token changed, which PC/SC does not tell: it watches the key
    /// directory. Without a running agent, or where nothing can be written, nothing happens.</summary>
    public void AnnounceTokenChange()
    {
        string file = Path.Combine(_settings.KeyDirectory, ".tokens");
        try
        {
            if (Directory.Exists(_settings.KeyDirectory))
            {
                string written = $"{file}.{Environment.ProcessId}";
                File.WriteAllBytes(written, []);
                File.Move(written, file, overwrite: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _log.Write(new AgentEvent(
                AgentEventLevel.Debug, "keys", $"A running agent is not told of the change: {e.Message}"));
        }
    }

    /// <summary>The agent.</summary>
    public SshAgent Agent => _agent ??= CreateAgent();

    /// <summary>The parts of a command that a person typed: it asks on the terminal where there is one.</summary>
    public static Composition OfCommand(Settings settings, Surroundings surroundings, bool verbose)
    {
        QuietLog log = new(surroundings.Error, verbose);
        return new Composition(settings, new ServingOptions(), surroundings, log, terminalFirst: true);
    }

    /// <summary>The parts of the agent.</summary>
    public static Composition OfAgent(
        Settings settings, ServingOptions serving, Surroundings surroundings, IAgentLog log) =>
        new(settings, serving, surroundings, log, terminalFirst: false);

    /// <summary>What makes keys.</summary>
    public TpmEnrolment CreateEnrolment() => new(Keys, Tpm, DevicePrompter, TimeProvider.System);

    /// <summary>Waits a moment for the agent to have read the cards that are in the readers.</summary>
    public async Task WaitForCardsAsync(CancellationToken ct)
    {
        try
        {
            await (_piv?.Ready ?? Task.CompletedTask).WaitAsync(CardPatience, ct).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Their keys come later.
        }
    }

    /// <summary>Every way for clients to arrive.</summary>
    /// <param name="socket">As for <see cref="Endpoints.Served"/>.</param>
    /// <exception cref="CommandException">The agent would be its own upstream, and each request would come back to it
    /// without end (78).</exception>
    public IReadOnlyList<IChannel> CreateChannels(string? socket)
    {
        foreach (UpstreamSetting upstream in _settings.Upstreams)
        {
            if (Endpoints.IsServed(Endpoints.Parse(upstream.Endpoint), _settings, socket))
            {
                throw new CommandException(ExitCode.ConfigurationInvalid,
                    $"The upstream {upstream.Endpoint} is this agent itself. Name another agent, or leave it out.");
            }
        }

        return Endpoints.Served(_settings, socket, _log);
    }

    /// <summary>The way to an agent.</summary>
    /// <param name="endpoint">As <see cref="AgentEndpoint"/> reads it.</param>
    /// <exception cref="CommandException">It is none (64).</exception>
    public static IAgentDialer Dialer(string endpoint) => Endpoints.Dialer(Endpoints.Parse(endpoint));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _agent?.Dispose();
        _softwareKeys?.Dispose();
        if (_securityKeys is not null)
        {
            await _securityKeys.DisposeAsync().ConfigureAwait(false);
        }

        _audit?.Dispose();
        if (_backend is not null)
        {
            await _backend.DisposeAsync().ConfigureAwait(false);
        }

        if (_piv is not null)
        {
            await _piv.DisposeAsync().ConfigureAwait(false);
        }

        if (_tpm is not null)
        {
            await _tpm.DisposeAsync().ConfigureAwait(false);
        }

        _readers?.Dispose();
        Keys.Dispose();
        _terminal.Dispose();
    }

    private TpmAccess CreateTpm()
    {
        TpmTcti tcti = TpmTcti.Parse(_settings.Tpm);
        TpmParentNameFile parentNames = new(Path.Combine(_settings.KeyDirectory, ".parents"), _settings.Tpm, _log);
        return new TpmAccess(tcti.Open, Memory, TimeProvider.System, takesTurns: !tcti.IsManaged, parentNames);
    }

    private SshAgent CreateAgent()
    {
        TimeSpan lifetime = _settings.PinCache.Lifetime;
        PinCachePolicy pinCache = lifetime == TimeSpan.Zero
            ? PinCachePolicy.Never
            : lifetime == Timeout.InfiniteTimeSpan ? PinCachePolicy.UntilDropped : PinCachePolicy.For(lifetime);
        _backend = new TpmKeyBackend(Keys, Tpm, DevicePrompter, pinCache, _log, TimeProvider.System);
        List<IKeyBackend> backends = [_backend];
        if (_settings.Piv)
        {
#pragma warning disable CA2000 // The backend disposes them.
            _piv = new PivKeyBackend(_smartCardReaders(), Prompter, pinCache, _log, TimeProvider.System);
#pragma warning restore CA2000
            backends.Add(_piv);
            // A command that changed keys on a token says it there.
            Keys.Changed += (_, _) => _piv.Reread();
        }

        return new SshAgent(backends, Prompter, _log, Memory, TimeProvider.System, CreateOptions());
    }

    private AgentOptions CreateOptions()
    {
        _softwareKeys = new SoftwareKeys(Memory, TimeProvider.System);
        if (_settings.AuditFile is string file)
        {
#pragma warning disable CA2000 // The log disposes it.
            AuditJournal journal = new(new AuditFiles(file), AuditJournal.DefaultLimitBytes, TimeProvider.System);
#pragma warning restore CA2000
            _audit = new AuditLog(journal, _settings.AuditDeniesWhenFull, _log, TimeProvider.System);
        }

        IReadOnlyList<string> providers =
            _serving.AllowedProviders is string list ? [list] : _settings.Providers;
        ProviderAllowList allowed = new(providers);
        _securityKeys = new SecurityKeys(
            Memory, Prompter, path => allowed.Check(path).RealPath, _securityKeyHelper, TimeProvider.System);
        return new AgentOptions
        {
            SoftwareKeys = _softwareKeys,
            SecurityKeys = _securityKeys,
            Tokens = new Pkcs11Providers(allowed, loader: null),
            HostNames = new KnownHosts(KnownHosts.DefaultPaths(_home), _log, TimeProvider.System),
            Audit = _audit,
            PolicyOf = _settings.Policies.For,
            Forwarded = _settings.Forwarded | _serving.Forwarded,
            DefaultLifetime = _serving.DefaultLifetime ?? _settings.KeyLifetime,
            LifetimeClock = new SuspendAwareClock(),
            ConsentGrant = _settings.ConfirmGrant,
            ConsentCoolDown = _settings.ConfirmCoolDown,
            WebSafeApplications = [.. _settings.WebSafeApplications, .. _serving.WebSafeApplications],
            Upstreams =
            [
                .. _settings.Upstreams.Select(upstream =>
                    new Upstream(upstream.Endpoint, Dialer(upstream.Endpoint)) { Filter = upstream.Filter }),
            ],
        };
    }
}
