namespace SecureAgent.Tests.Backends.Tpm;

/// <summary>A clock that stands still until it is moved.</summary>
internal sealed class SettableClock : TimeProvider
{
    private DateTimeOffset _now = DateTimeOffset.UnixEpoch;

    public override DateTimeOffset GetUtcNow() => _now;

    public void Advance(TimeSpan by) => _now += by;
}
