using System.CommandLine;
using SecureAgent.Backends.Piv;
using SecureAgent.Backends.Tpm;
using SecureAgent.Cli.Configuration;
using SecureAgent.Cli.Hosting;
using SecureAgent.Cli.Output;
using SecureAgent.Cli.Tokens;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Cli.Commands;

/// <summary><c>status</c>: what runs, seen from outside, as a client sees it.</summary>
internal static class StatusCommand
{
    private const int LineCharacters = 500;

    // A TPM behind a socket serves one program at a time, and a busy one may not answer at all.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Creates the command.</summary>
    public static Command Create(CommonOptions common, Surroundings surroundings)
    {
        Option<bool> json = JsonOption.Create();
        Command status =
            new("status", "Say whether the agent runs and the TPM answers; ends with 2 if no agent does.") { json };
        status.SetAction((result, ct) => RunAsync(
            common.Read(result), result.GetValue(json), result.GetValue(common.Verbose), surroundings, ct));
        return status;
    }

    private static async Task<int> RunAsync(
        Settings settings, bool json, bool verbose, Surroundings surroundings, CancellationToken ct)
    {
        Composition composition = Composition.OfCommand(settings, surroundings, verbose);
        await using (composition.ConfigureAwait(false))
        {
            string endpoint = surroundings.Variable("SSH_AUTH_SOCK") ?? Endpoints.Own(settings);
            (AgentOutput agent, IReadOnlyList<string> weaknesses) = await AskAgentAsync(endpoint, ct)
                .ConfigureAwait(false);
            TpmOutput tpm = await AskTpmAsync(composition, settings.Tpm, ct).ConfigureAwait(false);
            PivOutput piv = await AskTokensAsync(composition, ct).ConfigureAwait(false);
            using (Secret probe = composition.Memory.Allocate(1))
            {
                weaknesses = composition.Memory.Weakness is string weakness ? [weakness, .. weaknesses] : weaknesses;
            }

            ChannelOutput[] channels = agent.Reachable
                ? await Task.WhenAll(Endpoints.Probes(settings).Select(probe => probe.RunAsync(ct))).ConfigureAwait(false)
                : [];
            StatusOutput output = new(1, agent, tpm, weaknesses, channels, piv);
            if (json)
            {
                string text = JsonText.Of(output);
                await surroundings.Out.WriteLineAsync(text).ConfigureAwait(false);
            }
            else
            {
                Write(output, surroundings);
            }

            return agent.Reachable ? ExitCode.Done : throw new CommandException(
                ExitCode.AgentUnreachable, agent.Problem ?? $"no agent answers on {endpoint}.");
        }
    }

    private static async Task<(AgentOutput Agent, IReadOnlyList<string> Weaknesses)> AskAgentAsync(
        string endpoint, CancellationToken ct)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        string problem;
        try
        {
            AgentClient client = await AgentClient.ConnectAsync(Composition.Dialer(endpoint), patience.Token)
                .ConfigureAwait(false);
            await using (client.ConfigureAwait(false))
            {
                IReadOnlyList<AgentIdentity> keys = await client.ListAsync(patience.Token).ConfigureAwait(false);
                IReadOnlyList<string>? extensions = await client.QueryAsync(patience.Token).ConfigureAwait(false);
                (bool isSecureAgent, IReadOnlyList<string> weaknesses) = client.Inspect();
                AgentOutput agent = new()
                {
                    Endpoint = endpoint,
                    Reachable = true,
                    Keys = keys.Count,
                    // A locked agent lists nothing and does not name its extensions. Other agents may have none to
                    // name.
                    Locked = extensions is not null || keys.Count > 0 ? false : isSecureAgent ? true : null,
                };
                return (agent, weaknesses);
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            problem = $"The agent at {endpoint} does not answer.";
        }
        catch (Exception e) when (e is ChannelException or WireFormatException or IOException)
        {
            problem = e.Message;
        }

        return (new AgentOutput { Endpoint = endpoint, Reachable = false, Problem = problem }, []);
    }

    private static async Task<TpmOutput> AskTpmAsync(Composition composition, string tcti, CancellationToken ct)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        try
        {
            TpmState state = await composition.Tpm.ReadStateAsync(patience.Token).WaitAsync(patience.Token)
                .ConfigureAwait(false);
            return new TpmOutput
            {
                Tcti = tcti,
                Reachable = true,
                Device = state.Device,
                LockedOut = state.InLockout,
                TriesLeft = state.TriesLeft,
                RecoverySeconds = (long)state.LockoutInterval.TotalSeconds,
            };
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            const string Problem = "it does not answer; another program may hold it";
            return new TpmOutput { Tcti = tcti, Reachable = false, Problem = Problem };
        }
        catch (BackendException e)
        {
            return new TpmOutput { Tcti = tcti, Reachable = false, Problem = e.Message };
        }
    }

    private static async Task<PivOutput> AskTokensAsync(Composition composition, CancellationToken ct)
    {
        if (composition.Tokens is not PivTokens tokens)
        {
            return new PivOutput(false, null, [], []);
        }

        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        string[] readers = [];
        try
        {
            readers = [.. tokens.Readers().Select(reader => reader.Name)];
            IReadOnlyList<PivTokenListing> found = await tokens.ListAsync(patience.Token).WaitAsync(patience.Token)
                .ConfigureAwait(false);
            PivPublicKeyFiles files = composition.TokenKeyFiles;
            return new PivOutput(true, null, readers, [.. found.Select(token => TokenText.Describe(token, files))]);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new PivOutput(true, "The token does not answer; another program may hold it.", readers, []);
        }
        catch (BackendException e)
        {
            return new PivOutput(true, e.Message, readers, []);
        }
    }

    private static IEnumerable<string> Lines(PivOutput piv) => piv switch
    {
        { Enabled: false } => ["piv: off"],
        { Problem: string problem } => [$"piv: {problem}"],
        { Readers: [] } => ["piv: no reader"],
        { Tokens: [] } => [$"piv: no token in {(piv.Readers.Count == 1 ? "the reader" : "any reader")}"],
        _ => piv.Tokens.Select(token => $"piv: {TokenText.Line(token)}"),
    };

    private static void Write(StatusOutput output, Surroundings surroundings)
    {
        string agent = output.Agent switch
        {
            { Reachable: false } down => $"agent: not reachable at {down.Endpoint}",
            { Locked: true } locked => $"agent: at {locked.Endpoint}; it is locked (ssh-add -X unlocks it)",
            { Locked: null } silent => $"agent: at {silent.Endpoint}; it lists no keys, and is locked or has none",
            { } up => $"agent: at {up.Endpoint}; it lists {up.Keys} {(up.Keys == 1 ? "key" : "keys")}",
        };
        string tpm = output.Tpm switch
        {
            { Reachable: false } down => $"tpm: {down.Tcti} cannot be used: {down.Problem}",
            { LockedOut: true } locked =>
                $"tpm: {locked.Tcti}, {locked.Device}; locked after wrong PINs, takes one more try every "
                + $"{locked.RecoverySeconds} seconds; keys without PIN go on working",
            { } up => $"tpm: {up.Tcti}, {up.Device}; takes {up.TriesLeft} more wrong PINs before it locks",
        };
        IEnumerable<string> channels = output.Channels.Select(channel => channel.Problem is null
            ? $"channel {channel.Name}: {channel.Endpoint}"
            : $"channel {channel.Name}: degraded: {channel.Endpoint}: {channel.Problem}");
        string[] lines =
        [
            agent, .. channels, tpm, .. Lines(output.Piv),
            .. output.Weaknesses.Concat(output.Piv.Tokens.SelectMany(token => token.Weaknesses))
                .Select(weakness => $"weakness: {weakness}"),
        ];
        foreach (string line in lines)
        {
            surroundings.Out.WriteLine(SafeText.Line(line, LineCharacters));
        }
    }
}
