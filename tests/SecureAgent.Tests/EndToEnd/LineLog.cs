namespace SecureAgent.Tests.EndToEnd;

/// <summary>The lines that a running program has written so far, and a way to wait for one.</summary>
internal sealed class LineLog
{
    private readonly List<string> _lines = [];
    private readonly Lock _gate = new();
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _ended;

    /// <summary>How many lines there are; a mark for <see cref="WaitForAsync"/>.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _lines.Count;
            }
        }
    }

    /// <summary>Whether there is a line with <paramref name="text"/> so far.</summary>
    public bool Contains(string text) => ToString().Contains(text, StringComparison.Ordinal);

    /// <summary>Takes lines until the writer closes.</summary>
    public async Task ReadAsync(TextReader reader)
    {
        while (await reader.ReadLineAsync() is string line)
        {
            Add(line);
        }

        Add(null);
    }

    /// <summary>The first line from the <paramref name="since"/>th on that contains <paramref name="text"/>; fails
    /// the test
    /// when there is none before the deadline or the program's end.</summary>
    public async Task<string> WaitForAsync(string text, int since = 0)
    {
        using CancellationTokenSource deadline = new(Deadline.Span);
        while (true)
        {
            Task more;
            bool ended;
            lock (_gate)
            {
                string? found = _lines.Skip(since)
                    .FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal));
                if (found is not null)
                {
                    return found;
                }

                (more, ended) = (_more.Task, _ended);
            }

            Assert.False(ended, $"the program ended without '{text}':\n{this}");
            await Task.WhenAny(more, Task.Delay(Timeout.Infinite, deadline.Token));
            Assert.False(
                deadline.IsCancellationRequested, $"no '{text}' within {Deadline.Span.TotalSeconds} s:\n{this}");
        }
    }

    public override string ToString()
    {
        lock (_gate)
        {
            return string.Join('\n', _lines);
        }
    }

    private void Add(string? line)
    {
        TaskCompletionSource told;
        lock (_gate)
        {
            if (line is null)
            {
                _ended = true;
            }
            else
            {
                _lines.Add(line);
            }

            told = _more;
            _more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        told.SetResult();
    }
}
