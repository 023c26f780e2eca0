using SecureAgent.HwSim.Tpm.Commands;

namespace SecureAgent.HwSim.Tpm;

/// <summary>All commands of this TPM.</summary>
/// <remarks>
/// To add a command: write <c>private static void Name(CommandContext context)</c> in the <c>Commands/</c> file of its Part 3
/// chapter, and yield its <see cref="CommandDefinition"/> from that file's <c>All</c> (a new file's <c>All</c> is added below).
/// The dispatcher has then checked handles and authorizations and decrypted the first parameter. The handler
/// 1. reads every parameter: <c>context.In.Parameter(1).Sized(64)</c> numbers the response code of a malformed one, and
///    <c>context.In.End()</c> refuses trailing octets;
/// 2. checks, and fails by <c>throw TPM_RC_VALUE.Parameter(2)</c>, <c>.Handle(1)</c> or <c>.Error()</c>, before it changes anything;
/// 3. writes the response parameters to <c>context.Out</c>, and <c>context.ResponseHandle</c> if it returns a handle.
/// Changes to <c>context.Tpm.Persistent</c> are followed by <c>context.Tpm.Persistent.Touch()</c>: the dispatcher then saves.
/// </remarks>
internal static class CommandTable
{
    private static readonly SortedDictionary<TPM_CC, CommandDefinition> Definitions = Build();

    /// <summary>The commands in order of their codes.</summary>
    public static IEnumerable<CommandDefinition> All => Definitions.Values;

    /// <summary>The command with code <paramref name="code"/>, or <see langword="null"/>.</summary>
    public static CommandDefinition? Find(TPM_CC code) => Definitions.GetValueOrDefault(code);

    private static SortedDictionary<TPM_CC, CommandDefinition> Build()
    {
        IEnumerable<CommandDefinition>[] chapters =
        [
            StartupCommands.All,
            RandomCommands.All,
            CapabilityCommands.All,
            NvSpaceCommands.All,
            NvDataCommands.All,
            PcrCommands.All,
            ClockCommands.All,
            SequenceCommands.All,
            AttestationCommands.All,
            ObjectCommands.All,
            SigningCommands.All,
            AsymmetricCommands.All,
            DuplicationCommands.All,
            SessionCommands.All,
            PolicyCommands.All,
            ContextCommands.All,
            HierarchyCommands.All,
        ];
        SortedDictionary<TPM_CC, CommandDefinition> table = [];
        foreach (CommandDefinition definition in chapters.SelectMany(chapter => chapter))
        {
            table.Add(definition.Code, definition);
        }

        return table;
    }
}
