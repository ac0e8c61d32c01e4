// Sources and samples are on the site as they are. Where the clone comes from a server, links lead to it instead: it shows sources as
// pages.
exports.preTransform = function (model) {
  return model;
};

exports.postTransform = function (model) {
  var remote = model.source && model.source.remote;
  if (remote && /^(https:\/\/|git@)/.test(remote.repo)) {
    var server = remote.repo.replace(/^git@([^:]+):/, 'https://$1/').replace(/\.git$/, '');
    model.conceptual = model.conceptual.replace(
      /href="~\/((?:src|samples|benchmarks)\/[^"]*)"/g, 'href="' + server + '/blob/' + remote.branch + '/$1"');
  }
  return model;
};
