using System.CommandLine;
using SecureAgent.Backends;

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
    public static Argument<string> NameArgument() => new("NAME") { Description = "the key" };

    /// <summary>An argument that names a key to be, and is refused as wrong usage if it is no safe name.</summary>
    public static Argument<string> NewNameArgument(string name, string description)
    {
        Argument<string> argument = new(name) { Description = description };
        argument.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is string given && KeyName.Reason(given) is string reason)
            {
                result.AddError($"A key cannot be called \"{given}\": {reason}.");
            }
        });
        return argument;
    }
}
