namespace SecureAgent.Backends.Piv;

/// <summary>Looks out for signs that the service of PC/SC has started, from its creation on.</summary>
internal interface IPcscServiceWatch : IDisposable
{
    /// <summary>Blocks until there is a sign, which may be a false one.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="ct"/> was cancelled.</exception>
    void Wait(CancellationToken ct);
}
