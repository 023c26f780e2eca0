using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.Principal;
using Microsoft.Win32.SafeHandles;
using SecureAgent.Core;

namespace SecureAgent.Channels.Windows;

/// <summary>What the system tells of another process. A process id can be reused, so that it alone decides
/// nothing.</summary>
[SupportedOSPlatform("windows")]
public static partial class WindowsProcess
{
    private const int MaxDepth = 16;
    private const int MaxPathCharacters = 1024;
    private const uint PROCESS_QUERY_LIMITED_INFORMATION = 0x1000;
    private const uint TH32CS_SNAPPROCESS = 2;

    /// <summary>SID of the user whose token the process has.</summary>
    /// <returns><see langword="null"/> if it has ended, or may not be asked.</returns>
    public static string? UserOf(int processId)
    {
        using SafeProcessHandle process = Open(processId);
        return process.IsInvalid ? null : UserOf(process);
    }

    /// <summary>SID of the user whose token the process has.</summary>
    /// <param name="process">A handle with PROCESS_QUERY_LIMITED_INFORMATION.</param>
    /// <returns><see langword="null"/> if it may not be asked.</returns>
    public static string? UserOf(SafeProcessHandle process)
    {
        if (!OpenProcessToken(process, (uint)TokenAccessLevels.Query, out SafeAccessTokenHandle token))
        {
            return null;
        }

        using (token)
        using (WindowsIdentity identity = new(token.DangerousGetHandle()))
        {
            return identity.User?.Value;
        }
    }

    /// <summary>Path of the program that it runs.</summary>
    /// <returns><see langword="null"/> if it has ended, or may not be asked.</returns>
    public static string? ImagePathOf(int processId)
    {
        using SafeProcessHandle process = Open(processId);
        return process.IsInvalid ? null : ImagePathOf(process);
    }

    /// <summary>A name for messages: process id and program.</summary>
    public static string Describe(int processId) =>
        ImagePathOf(processId) is { } path ? $"process {processId} ({path})" : $"process {processId}";

    /// <summary>The process and its ancestors, nearest first, for display only.</summary>
    /// <remarks>Windows remembers only the id of the parent, which may since belong to another process: a parent that
    /// started after its child is none.</remarks>
    public static IReadOnlyList<PeerProcess> ChainOf(int processId)
    {
        Dictionary<int, (int Parent, string Name)> running = Snapshot();
        List<PeerProcess> chain = [];
        int next = processId;
        long childStart = long.MaxValue;
        while (next > 0 && chain.Count < MaxDepth && running.TryGetValue(next, out (int Parent, string Name) found))
        {
            using SafeProcessHandle process = Open(next);
            long start = process.IsInvalid ? 0 : StartTimeOf(process);
            if (start > childStart)
            {
                break;
            }

            string image = (process.IsInvalid ? null : ImagePathOf(process)) ?? found.Name;
            int session = ProcessIdToSessionId((uint)next, out uint sessionId) != 0 ? (int)sessionId : 0;
            chain.Add(new PeerProcess(next, image) { StartTime = start, SessionId = session });
            (next, childStart) = (found.Parent, start == 0 ? childStart : start);
            if (chain.Exists(process => process.ProcessId == next))
            {
                break;
            }
        }

        return chain;
    }

    private static SafeProcessHandle Open(int processId) =>
        OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, inherit: 0, (uint)processId);

    private static string? ImagePathOf(SafeProcessHandle process)
    {
        Span<ushort> path = stackalloc ushort[MaxPathCharacters];
        uint length = MaxPathCharacters;
        return QueryFullProcessImageName(process, 0, path, ref length) == 0
            ? null
            : MemoryMarshal.Cast<ushort, char>(path[..(int)length]).ToString();
    }

    private static long StartTimeOf(SafeProcessHandle process) =>
        GetProcessTimes(process, out long created, out _, out _, out _) == 0 ? 0 : created;

    private static Dictionary<int, (int Parent, string Name)> Snapshot()
    {
        Dictionary<int, (int Parent, string Name)> running = [];
        using SafeFileHandle snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
        ProcessEntry entry = new() { Size = Marshal.SizeOf<ProcessEntry>() };
        for (int more = Process32First(snapshot, ref entry); more != 0; more = Process32Next(snapshot, ref entry))
        {
            running[(int)entry.ProcessId] = ((int)entry.ParentProcessId, NameIn(ref entry));
        }

        return running;
    }

    private static string NameIn(ref ProcessEntry entry)
    {
        ReadOnlySpan<char> name = MemoryMarshal.Cast<ushort, char>((ReadOnlySpan<ushort>)entry.ExeFile);
        int end = name.IndexOf('\0');
        return name[..(end < 0 ? name.Length : end)].ToString();
    }

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial SafeProcessHandle OpenProcess(uint access, int inherit, uint processId);

    [LibraryImport("advapi32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool OpenProcessToken(
        SafeProcessHandle process, uint access, out SafeAccessTokenHandle token);

    [LibraryImport("kernel32", EntryPoint = "QueryFullProcessImageNameW", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int QueryFullProcessImageName(
        SafeProcessHandle process, uint flags, Span<ushort> path, ref uint length);

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int GetProcessTimes(
        SafeProcessHandle process, out long created, out long exited, out long kernel, out long user);

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int ProcessIdToSessionId(uint processId, out uint sessionId);

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial SafeFileHandle CreateToolhelp32Snapshot(uint flags, uint processId);

    [LibraryImport("kernel32", EntryPoint = "Process32FirstW", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Process32First(SafeFileHandle snapshot, ref ProcessEntry entry);

    [LibraryImport("kernel32", EntryPoint = "Process32NextW", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Process32Next(SafeFileHandle snapshot, ref ProcessEntry entry);

    /// <summary>PROCESSENTRY32W.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct ProcessEntry
    {
        public int Size;
        public uint Usage;
        public uint ProcessId;
        public nuint DefaultHeap;
        public uint ModuleId;
        public uint Threads;
        public uint ParentProcessId;
        public int BasePriority;
        public uint Flags;
        public FileName ExeFile;
    }

    [System.Runtime.CompilerServices.InlineArray(260)]
    private struct FileName
    {
        private ushort _first;
    }
}
