using System.CommandLine;
using System.Globalization;
using System.Text;
using SecureAgent.Cli.Audit;
using SecureAgent.Cli.Output;

namespace SecureAgent.Cli.Commands;

/// <summary><c>audit tail</c> and <c>audit verify</c>: the record of what keys were used for.</summary>
internal static class AuditCommand
{
    private const int LineCharacters = 1000;
    private const int DefaultLines = 10;

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(250);

    /// <summary>Creates the command.</summary>
    public static Command Create(CommonOptions common, Surroundings surroundings)
    {
        Option<string?> file = new("--file")
        {
            HelpName = "PATH",
            Description = "the log, instead of the agent's own",
            Recursive = true,
        };
        return new Command("audit", "The record of what keys were used for.")
        {
            file,
            CreateTail(common, file, surroundings),
            CreateVerify(common, file, surroundings),
        };
    }

    private static Command CreateTail(CommonOptions common, Option<string?> file, Surroundings surroundings)
    {
        Option<int> lines = new("--lines", "-n")
        {
            HelpName = "N",
            Description = "print the last N records",
            DefaultValueFactory = _ => DefaultLines,
        };
        lines.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 0)
            {
                result.AddError("-n takes a number that is not negative.");
            }
        });
        Option<bool> follow = new("--follow", "-f") { Description = "go on with those that are added, until Ctrl-C" };
        Option<bool> json = new("--json") { Description = "print the lines of the log as they are" };
        Command tail = new("tail", "Print the last records.") { lines, follow, json };
        tail.SetAction((result, ct) => TailAsync(
            FilesOf(result.GetValue(file) ?? Configured(common, result)),
            result.GetValue(lines),
            result.GetValue(follow),
            result.GetValue(json),
            surroundings,
            ct));
        return tail;
    }

    private static Command CreateVerify(CommonOptions common, Option<string?> file, Surroundings surroundings)
    {
        Option<string?> expect = new("--expect")
        {
            HelpName = "HASH",
            Description = "a hash that verify printed before; a record must have it",
        };
        expect.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is string hash
                && (hash.Length != AuditHead.HashDigits || !hash.All(char.IsAsciiHexDigit)))
            {
                result.AddError($"--expect takes {AuditHead.HashDigits} hexadecimal digits.");
            }
        });
        Option<bool> json = JsonOption.Create();
        Command verify =
            new("verify", "Check that no record was changed or removed; ends with 1 if one was.") { expect, json };
        verify.SetAction(result => Verify(
            FilesOf(result.GetValue(file) ?? Configured(common, result)),
            result.GetValue(expect)?.ToLowerInvariant(),
            result.GetValue(json),
            surroundings));
        return verify;
    }

    private static string Configured(CommonOptions common, ParseResult result) =>
        common.Read(result).AuditFile ?? throw new CommandException(
            ExitCode.Failed, "The configuration says that no audit log is kept (auditFile). --file names another.");

    private static AuditFiles FilesOf(string path)
    {
        AuditFiles files = new(Path.GetFullPath(path));
        return files.OldestFirst().Count > 0
            ? files
            : throw new CommandException(
                ExitCode.Failed, $"There is no audit log at {files.Current}. An agent makes it when it starts.");
    }

    private static async Task<int> TailAsync(
        AuditFiles files, int lines, bool follow, bool json, Surroundings surroundings, CancellationToken ct)
    {
        AuditFollower follower = new(files);
        await PrintAsync(follower.ReadLast(lines), json, surroundings, ct).ConfigureAwait(false);
        while (follow)
        {
            await Task.Delay(BetweenLooks, ct).ConfigureAwait(false);
            await PrintAsync(follower.ReadNew(), json, surroundings, ct).ConfigureAwait(false);
        }

        return ExitCode.Done;
    }

    private static async Task PrintAsync(
        IReadOnlyList<byte[]> lines, bool json, Surroundings surroundings, CancellationToken ct)
    {
        foreach (byte[] line in lines)
        {
            if (AuditEntry.Read(line) is not AuditEntry entry)
            {
                await surroundings.Error.WriteLineAsync(
                    "secure-agent: a line is no record or was changed; secure-agent audit verify says which")
                    .ConfigureAwait(false);
                continue;
            }

            // An intact line is printable ASCII.
            string text = json ? Encoding.ASCII.GetString(line) : AuditText.Line(entry);
            await surroundings.Out.WriteLineAsync(text).ConfigureAwait(false);
        }

        await surroundings.Out.FlushAsync(ct).ConfigureAwait(false);
    }

    private static int Verify(AuditFiles files, string? expected, bool json, Surroundings surroundings)
    {
        using AuditSnapshot snapshot = AuditSnapshot.Take(files);
        AuditReport report = AuditVerifier.Verify(snapshot, expected);
        if (json)
        {
            surroundings.Out.WriteLine(JsonText.Of(new AuditVerifyOutput
            {
                Whole = report.Problem is null,
                Files = report.Files,
                Records = report.Records,
                From = report.From,
                To = report.To,
                LastHash = report.LastHash,
                ProblemFile = report.Problem?.File,
                ProblemLine = report.Problem?.Line,
                Problem = report.Problem?.What,
                Remarks = report.Remarks,
            }));
        }
        else
        {
            Print(report, surroundings);
        }

        return report.Problem is null ? ExitCode.Done : ExitCode.Failed;
    }

    private static void Print(AuditReport report, Surroundings surroundings)
    {
        List<string> lines = [.. report.Remarks];
        string span = string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Records} records in {report.Files} {(report.Files == 1 ? "file" : "files")}, "
            + $"{report.From:yyyy-MM-dd'T'HH:mm:ss'Z'} to {report.To:yyyy-MM-dd'T'HH:mm:ss'Z'}");
        lines.Add(report.Problem switch
        {
            AuditProblem problem when report.Records > 0 => $"{problem} Whole before: {span}.",
            AuditProblem problem => problem.ToString(),
            null => $"whole: {span}.",
        });
        if (report.Problem is null)
        {
            lines.Add($"last hash: {report.LastHash} (kept elsewhere, --expect checks later that it is still there)");
        }

        foreach (string line in lines)
        {
            surroundings.Out.WriteLine(SafeText.Line(line, LineCharacters));
        }
    }
}
