namespace SecureAgent.HwSim.Tpm;

/// <summary>A TPM 2.0: command bytes in, response bytes out. Thread-safe; commands run one at a time.</summary>
public sealed class TpmSimulator : ISimulatedTpm
{
    private readonly Lock _gate = new();
    private readonly TpmState _state;
    private readonly CommandDispatcher _dispatcher;
    private readonly bool _startupClear;

    /// <summary>Makes a TPM that is powered off. Reads the state file if there is one.</summary>
    /// <exception cref="InvalidDataException">The state file is not one, or is damaged.</exception>
    /// <exception cref="IOException">The state file cannot be read.</exception>
    public TpmSimulator(TpmSimulatorOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _state = new TpmState(options);
        _dispatcher = new CommandDispatcher(_state);
        _startupClear = options.StartupClear;
    }

    /// <summary>Runs one command. Whatever the bytes are, the answer is a TPM response, never an exception for them.</summary>
    /// <param name="command">One whole command, header included.</param>
    /// <param name="locality">0 to 4.</param>
    /// <returns>The whole response; the caller owns it. TPM_RC_INITIALIZE before power-on or TPM2_Startup, TPM_RC_NV_UNAVAILABLE
    /// while the state file cannot be written.</returns>
    public byte[] Execute(ReadOnlySpan<byte> command, byte locality = 0)
    {
        byte[] owned = command.ToArray();
        lock (_gate)
        {
            return _dispatcher.Execute(owned, locality);
        }
    }

    /// <summary>Turns power on (_TPM_Init); nothing happens if it is on.</summary>
    public void PowerOn()
    {
        lock (_gate)
        {
            if (!_state.Powered)
            {
                _state.Initialize();
                if (_startupClear)
                {
                    _state.Startup(TPM_SU.TPM_SU_CLEAR, 0);
                }
            }
        }
    }

    /// <summary>Turns power off: whatever is volatile is gone. Without TPM2_Shutdown before, the shutdown is not orderly.</summary>
    public void PowerOff()
    {
        lock (_gate)
        {
            _state.Powered = false;
        }
    }

    /// <summary>Power off and on again.</summary>
    public void Reset()
    {
        lock (_gate)
        {
            PowerOff();
            PowerOn();
        }
    }
}
