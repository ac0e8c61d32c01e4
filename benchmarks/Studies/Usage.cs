namespace Studies;

/// <summary>What the program says of itself.</summary>
internal static class Usage
{
    /// <summary>Printed for <c>--help</c> and after a fault in the arguments.</summary>
    public static readonly string Text = $"""
        Trains with and without the methods of this library on real data. Reports, over seeds, how they do where the spurious
        feature misleads.

        dotnet run -c Release --project benchmarks/Studies -- COMMAND [options]

        list               the studies, what each asks, whether its data are there
        run STUDY          one study, in this process, and its tables; what --out holds is not run again
        queue FILE         the studies of a file, a line each, most valuable first, by several processes at once; a line is what follows run
        table              Markdown tables of what --out holds: each method beside plain training, or beside the student without
                           a teacher; published figures are quoted below
        page FILE          makes the tables and pictures of docs/results.md again, of the runs in --out;
                           pictures go to images/results beside the page
        maps STUDY         class activation maps of plain training and --method (sieve-joint), trained anew from seed 1
                           at the settings of --out and with the options of its runs, as the picture --report:
                           of a study of pairs, the one that the method mends most and the one that it breaks most
        find STUDY         trains plainly with readouts and finds shortcuts without groups: do the clusters match the true attribute?
                           beside clusters of all errors and of random rows; one line a setting in --out/shortcuts/STUDY.jsonl
        check SET FOLDER   reads a published data set, compares its counts with the published ones, and opens every image;
                           for csv, FOLDER is the file
                           SET: {string.Join(", ", DataSets.ByName.Keys)}

        {string.Join("\n", StudyList.All.Select(entry => $"{entry.Name.PadRight(StudyList.LongestName)} {entry.Question}"))}

        A study refuses an option that means nothing to it, and says which it takes.

        --data DIR         folder with fashion-mnist, mnist, bar, squeezenet1_1-imagenet, pets-on-scenes, isic-artefacts,
                           celeba-10k, adult, nli, text, minilm, bert-vocab, tables (default: environment variable MLSIEVE_DATA)
        --out DIR          keeps every run in STUDY.jsonl there, and the searches of the sieve's settings in STUDY-METHOD.db,
                           so that what was stopped goes on where it was (default {StudyOptions.DefaultOut})
        --teachers DIR     keeps what teachers say of their training rows there,
                           shared by the processes of a queue (default: teachers in --out)
        --workers N        processes of a queue (default: one a core; on a GPU several share it)
        --minutes M        stops a queue by itself; the next one goes on where it was
        --seeds N          final runs of each method (default 3; 1 with --quick)
        --method M         one of the study's methods (default: all)
        --trials N         random sieve settings tried by the search, besides no forgetting
                           (default: the study's own; none where --setting is given)
        --search-seeds N   seeds over which each tried setting is averaged (default 1); never the seeds of the final runs
        --setting S        a sieve setting to try, such as stage=1,depth=0,every=5,forget=0.5,readout=0.01; may be repeated;
                           with --trials besides those drawn
        --rate X           learning rate (default: the study's own)
        --agreement X      how often the cue agrees in training, instead of the study's own; may be repeated
                           (what begins with coloured or dominoes)
        --rows N           training rows (default: the study's own)
        --epochs N         epochs (default: the study's own)
        --partition K      one of isic's five partitions, instead of all; may be repeated
        --size N           side of photographs in pixels (default: the study's own)
        --schedule S       constant or cosine learning rates (default constant; photographs and texts have one of their own)
        --average D        decay of a moving average of the weights, which is validated and kept (default: none)
        --precision P      float32 or bfloat16 (default float32)
        --report FILE      of run: writes an HTML report of the models of seed 1, which are trained again for it;
                           with several studies, one file each
        --quick            a smoke run: few rows, one epoch, one trial, one seed unless --seeds is given
        --help             this text
        """;
}
