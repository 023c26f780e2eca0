namespace SecureAgent.Cli.Hosting;

/// <summary>Notices the end of the process that started this one.</summary>
internal sealed class ParentWatch
{
    private const int ForEver = -1;

    // Only where the kernel cannot tell (before Linux 5.3): it is asked.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly int _parent = Libc.GetParentProcessId();

    /// <summary>Calls <paramref name="ended"/> when the process that was the parent when this object was made has
    /// ended, or at once if it has.</summary>
    public void Start(Action ended)
    {
        Thread thread = new(() =>
        {
            Wait();
            ended();
        })
        {
            IsBackground = true,
            Name = "parent",
        };
        thread.Start();
    }

    private void Wait()
    {
        int process = Libc.OpenProcess(_parent);
        if (process >= 0)
        {
            Libc.PollDescriptor descriptor = new() { Descriptor = process, Events = Libc.POLLIN };
            while (Libc.GetParentProcessId() == _parent && Libc.Poll(ref descriptor, 1, ForEver) <= 0)
            {
                // A signal came between.
            }
        }

        while (Libc.GetParentProcessId() == _parent)
        {
            Thread.Sleep(Interval);
        }
    }
}
