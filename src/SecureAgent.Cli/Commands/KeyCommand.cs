using System.CommandLine;

namespace SecureAgent.Cli.Commands;

/// <summary><c>key</c> and its subcommands.</summary>
internal static class KeyCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create(CommonOptions common, Surroundings surroundings) =>
        new("key", "Keys: make, import, look at, rename, remove.")
        {
            KeyEnrolmentCommand.CreateNew(common, surroundings),
            KeyEnrolmentCommand.CreateImport(common, surroundings),
            KeyEnrolmentCommand.CreateSeal(common, surroundings),
            KeyListCommand.CreateList(common, surroundings),
            KeyListCommand.CreateShow(common, surroundings),
            KeyFileCommand.CreateRename(common, surroundings),
            KeyFileCommand.CreateRemove(common, surroundings),
            KeyFileCommand.CreateCertificate(common, surroundings),
        };

    /// <summary>The argument that names a key.</summary>
    public static Argument<string> NameArgument(string name = "NAME", string description = "the key") =>
        new(name) { Description = description };
}
