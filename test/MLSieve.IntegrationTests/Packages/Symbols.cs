using System.Reflection.Metadata;
using System.Text;

namespace MLSieve.Tests;

/// <summary>What a portable pdb tells a debugger about sources.</summary>
internal sealed class Symbols : IDisposable
{
    private static readonly Guid _embeddedSource = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");
    private static readonly Guid _sourceLink = new("CC110556-A091-4D38-9FEC-25AB9A351A6A");
    private readonly MetadataReaderProvider _provider;
    private readonly MetadataReader _reader;

    public Symbols(byte[] pdb)
    {
        _provider = MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(pdb));
        _reader = _provider.GetMetadataReader();
    }

    /// <summary>The id that the assembly names too.</summary>
    public Guid Id => new BlobContentId(_reader.DebugMetadataHeader!.Id).Guid;

    /// <summary>The paths of all sources.</summary>
    public IEnumerable<string> Documents => _reader.Documents.Select(Name);

    /// <summary>The paths of those whose text is in the pdb.</summary>
    public IEnumerable<string> Embedded => Of(_embeddedSource).Select(information => Name((DocumentHandle)information.Parent));

    /// <summary>JSON that maps paths to addresses, one text for each that is there.</summary>
    public IEnumerable<string> SourceLinks =>
        Of(_sourceLink).Select(information => Encoding.UTF8.GetString(_reader.GetBlobBytes(information.Value)));

    public void Dispose() => _provider.Dispose();

    private IEnumerable<CustomDebugInformation> Of(Guid kind) =>
        _reader.CustomDebugInformation.Select(_reader.GetCustomDebugInformation)
            .Where(information => _reader.GetGuid(information.Kind) == kind);

    private string Name(DocumentHandle document) => _reader.GetString(_reader.GetDocument(document).Name);
}
