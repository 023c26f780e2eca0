namespace SecureAgent.Bench;

/// <summary>A table in Markdown, printed row by row.</summary>
internal static class Table
{
    /// <summary>Prints the title and the heads of the columns.</summary>
    public static void Begin(string title, params string[] heads)
    {
        Console.WriteLine($"\n## {title}\n");
        Row(heads);
        Row([.. heads.Select(_ => "---")]);
    }

    /// <summary>Prints one row.</summary>
    public static void Row(params string[] cells) => Console.WriteLine($"| {string.Join(" | ", cells)} |");
}
